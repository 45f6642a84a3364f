"""The sentences of the Methods text. Part of the one catalogue; each is whole and stands by itself."""

from __future__ import annotations

METHODS: dict[str, str] = {
    "methods.head.measurement": "Measurement",
    "methods.head.readers": "Readers",
    "methods.head.participants": "Participants",
    "methods.head.agreement": "Agreement",
    "methods.head.correlation": "Correlation",
    "methods.head.groups": "Groups",
    "methods.head.roc": "Diagnostic performance",
    "methods.head.software": "Software",
    # measurement
    "methods.protocol": "Values were measured under the protocol {stamps}.",
    "methods.protocol_now": "The analysis follows the protocol {stamp}.",
    "methods.rule": "One geometry in patient coordinates served the fat-fraction and the R2* map of a level; voxels "
    "were counted by the rule {rules}.",
    "methods.elsewhere": "{elsewhere} of {readings} readings were measured with another program and entered from a table.",
    "methods.elsewhere.elsewhere_1": "One of {readings} readings was measured with another program and entered from a "
    "table.",
    "methods.elsewhere.readings_1": "The only reading was measured with another program and entered from a table.",
    "methods.levels.at_least": "The value of a patient is the mean over {levels}, of which at least {needed} had to be measured.",
    "methods.levels.complete": "The value of a patient is the mean over {levels}; readings that lack one of these levels were left "
    "out.",
    "methods.levels.adjusted": "The value of a patient is the level-adjusted mean over {levels}, of which at least {needed} had to be "
    "measured: what each level adds was estimated by least squares from the additive model of reading and level (Searle "
    "1971) in the patients analysed, for each map and, for R2*, each field strength. A mean that lacks levels was corrected "
    "by what these add; a complete one is the plain mean.",
    "methods.level": "The value of a patient is that of {levels}.",
    "methods.units": "Fat fraction is given in %, R2* in {unit}.",
    "methods.field": "R2* was measured at {tesla} T.",
    "methods.counted.whole_spine": "Levels were counted on an image of the whole spine in {count} of {readings} readings.",
    "methods.counted.whole_spine.readings_1": "Levels were counted on an image of the whole spine.",
    "methods.counted.from_sacrum": "Levels were counted up from the sacrum in {count} of {readings} readings.",
    "methods.counted.from_sacrum.readings_1": "Levels were counted up from the sacrum.",
    "methods.counted.from_c2": "Levels were counted down from C2 in {count} of {readings} readings.",
    "methods.counted.from_c2.readings_1": "Levels were counted down from C2.",
    "methods.counted.other": "Levels were counted in another way in {count} of {readings} readings.",
    "methods.counted.other.readings_1": "Levels were counted in another way.",
    # readers
    "methods.readers": "{readers} readers signed off {readings} readings of the patients analysed in round {round}.",
    "methods.reader": "A single reader signed off {readings} readings of the patients analysed in round {round}.",
    "methods.reader.readings_1": "A single reader signed off one reading of the patients analysed in round {round}.",
    "methods.blinded": "The study was blinded: while a round was open, a reader saw neither what the other readers "
    "had measured nor any clinical data.",
    "methods.not_blinded": "{not_blinded} of {readings} readings were not made blinded.",
    "methods.not_blinded.not_blinded_1": "One of {readings} readings was not made blinded.",
    "methods.not_blinded.readings_1": "The only reading was not made blinded.",
    "methods.open": "The protocol did not blind the readers.",
    "methods.trained": "{trained} exams served for training and are in no result.",
    "methods.trained.trained_1": "One exam served for training and is in no result.",
    "methods.repeats": "Part of the cases was read again in {rounds} further rounds.",
    "methods.repeats.rounds_1": "Part of the cases was read again in one further round.",
    "methods.waited": "Between two sign-offs of a case by the same reader lay at least {days} days (planned: {planned}).",
    "methods.waited.days_1": "Between two sign-offs of a case by the same reader lay at least 1 day (planned: {planned}).",
    "methods.same_day": "Between two sign-offs of a case by the same reader lay, at the shortest, less than a day (planned: {planned} days).",
    "methods.same_day.planned_1": "Between two sign-offs of a case by the same reader lay, at the shortest, less than a day (planned: 1 day).",
    "methods.early": "{early} of {readings} repeated readings were offered without their wash-out.",
    "methods.early.readings_1": "The only repeated reading was offered without its wash-out.",
    "methods.early.early_1": "One of {readings} repeated readings was offered without its wash-out.",
    "methods.final.mean": "The final value of a patient is the mean of the readers.",
    "methods.final.adjudicated": "The final value of a patient is the mean of the readers; a coordinator decided on "
    "levels at which readers differed by more than {ff} points of fat fraction or {r2star} % of R2*.",
    "methods.final.one": "The values are those of one reader alone.",
    # participants
    "methods.groups": "Patients were grouped by the T-score of {region}: normal at {high} or above, osteoporosis at "
    "{low} or below, osteopenia between.",
    "methods.groups.lowest": "Patients were grouped by their lowest T-score of the lumbar spine as a whole, the femoral neck and "
    "the total hip, as far as each was measured: normal at {high} or above, osteoporosis at {low} or below, osteopenia between.",
    "methods.groups_qct": "Patients were grouped by the QCT density of {region}: normal above {high} mg/cm³, osteoporosis below "
    "{low} mg/cm³, osteopenia between; values in other units were not converted.",
    "methods.outcome_qct.osteoporosis": "The outcome was a QCT density below {limit} mg/cm³ ({positive} of {known} patients).",
    "methods.outcome_qct.low_bone_mass": "The outcome was a QCT density of {high} mg/cm³ or below ({positive} of {known} patients).",
    "methods.outcome_qct.female": "The outcome was female sex ({positive} of {known} patients).",
    "methods.outcome.osteoporosis": "The outcome was a T-score of {limit} or below ({positive} of {known} patients).",
    "methods.outcome.low_bone_mass": "The outcome was a T-score below {high} ({positive} of {known} patients).",
    "methods.outcome.female": "The outcome was female sex ({positive} of {known} patients).",
    # agreement
    "methods.between": "Agreement is between two readers, from what each of them measured, never from decided values.",
    "methods.within": "Agreement is of one reader between two rounds.",
    "methods.shared_levels": "It rests on the plain means of the levels that both readings have.",
    "methods.limits.difference": "It was judged by the limits of agreement of Bland and Altman, the mean difference "
    "± {multiplier} SD.",
    "methods.limits.percent": "It was judged by the limits of agreement of Bland and Altman of the difference in percent of the "
    "mean, the mean ± {multiplier} SD.",
    "methods.limits.ratio": "It was judged by the limits of agreement of Bland and Altman of the ratio, the mean ± {multiplier} "
    "SD.",
    "methods.limits.log_ratio": "It was judged by the limits of agreement of Bland and Altman of the logarithm of the ratio, "
    "the mean ± {multiplier} SD, turned back.",
    "methods.limits.vertebra": "It was judged by the limits of agreement of Bland and Altman 2007 for single vertebrae, those of "
    "a patient taken as dependent.",
    "methods.limits.sloping": "Limits that change with the mean come from regressions of the difference, and of the size of its residual, "
    "on the mean (Bland and Altman 1999).",
    "methods.limits_ci": "Methods of the confidence intervals: {bias} for the bias; {limits} for the limits.",
    "methods.icc": "Reliability is the intraclass correlation coefficient {form} ({mcgraw_wong} of McGraw and Wong; "
    "confidence interval: {method}).",
    # correlation
    "methods.correlation.both": "Fat fraction and R2* were correlated with {against} by Pearson's r (confidence interval: {method}), "
    "and by Spearman's and Kendall's coefficients.",
    "methods.correlation.FF": "Fat fraction was correlated with {against} by Pearson's r (confidence interval: {method}), and by "
    "Spearman's and Kendall's coefficients.",
    "methods.correlation.R2STAR": "R2* was correlated with {against} by Pearson's r (confidence interval: {method}), and by Spearman's "
    "and Kendall's coefficients.",
    "methods.maps": "The strengths of the two correlations were compared by Williams's test.",
    "methods.within_groups": "The correlation within the {n_groups} T-score groups stands beside the pooled one.",
    "methods.within_groups.n_groups_1": "The correlation within the one T-score group there is stands beside the pooled "
    "one.",
    "methods.within_groups_qct": "The correlation within the {n_groups} groups by QCT density stands beside the pooled one.",
    "methods.within_groups_qct.n_groups_1": "The correlation within the one group by QCT density stands beside the pooled "
    "one.",
    "methods.partial": "Partial correlations are adjusted for {controls}.",
    "methods.vertebrae": "Vertebrae were correlated inside patients by the repeated-measures correlation.",
    # groups
    "methods.by.outcome": "The groups compared are the patients with and without the outcome.",
    "methods.by.sex": "The groups compared are men and women.",
    "methods.groups.by_data": "Groups were compared by one-way analysis of variance, by Welch's test where Levene's test found "
    "unequal variances, and by the Kruskal-Wallis test where the test of Shapiro and Wilk spoke against a normal "
    "distribution.",
    "methods.groups.anova": "Groups were compared by one-way analysis of variance.",
    "methods.groups.welch": "Groups were compared by Welch's test of unequal variances.",
    "methods.groups.kruskal": "Groups were compared by the Kruskal-Wallis test.",
    "methods.pairs.t_holm": "Pairs of groups were compared by t tests with the pooled SD and Holm's correction.",
    "methods.pairs.t_bonferroni": "Pairs of groups were compared by t tests with the pooled SD and Bonferroni's correction.",
    "methods.pairs.tukey": "Pairs of groups were compared by the method of Tukey and Kramer.",
    "methods.pairs.games_howell": "Pairs of groups were compared by the method of Games and Howell.",
    "methods.pairs.dunn": "Pairs of groups were compared by Dunn's test with Holm's correction.",
    "methods.quartiles.6": "Quartiles are those of SPSS (type 6).",
    "methods.quartiles.7": "Quartiles are those of R and Excel (type 7).",
    "methods.sex": "Sexes were compared by chi-square without continuity correction.",
    "methods.ancova": "Adjusted means come from an analysis of covariance with {names}.",
    # roc
    "methods.roc": "ROC curves were made of {markers}.",
    "methods.direction.stated": "High fat fraction and low R2* were stated beforehand to mean the outcome.",
    "methods.direction.automatic": "The direction of a marker was chosen by the medians of the patients with and without "
    "the outcome.",
    "methods.auc.delong": "Confidence intervals of the area are DeLong's.",
    "methods.auc.hanley_mcneil": "Confidence intervals of the area are Hanley and McNeil's.",
    "methods.auc.bootstrap": "Confidence intervals of the area are percentiles of 2000 stratified bootstrap samples.",
    "methods.auc.exact": "Confidence intervals of the area are binomial exact.",
    "methods.cutoff.observed": "Cut-offs are observed values with the largest Youden index, found in the same patients.",
    "methods.cutoff.midpoint": "Cut-offs lie halfway between observed values, at the largest Youden index, found in the same "
    "patients.",
    "methods.shares": "Confidence intervals of sensitivity and specificity: {method}.",
    "methods.prevalence": "Predictive values were computed for a prevalence of {prevalence} %, taken as known.",
    "methods.youden": "The interval of a cut-off and the optimism of its Youden index come from 2000 bootstrap samples, each class "
    "drawn by itself.",
    "methods.combined": "{names} is the linear predictor of a logistic regression by maximum likelihood, judged on the patients it "
    "was fitted to.",
    "methods.age": "High age was stated beforehand to mean the outcome.",
    "methods.criteria": "The ROC curve of {marker} was made, with sensitivity, specificity and predictive values at every cut-off.",
    "methods.compared": "Areas under the ROC curves of {markers} were compared two by two on the same {n} patients by DeLong's test, "
    "not adjusted for the number of comparisons; models were judged on the patients they were fitted to.",
    "methods.nested": "What columns add to others was tested by the likelihood ratio of nested logistic regressions by maximum "
    "likelihood of the outcome on {names}.",
    "methods.nested_areas": "Areas of nested models were corrected for optimism by Harrell's bootstrap, both models fitted anew to each "
    "of 2000 samples; the interval of their difference holds its percentiles, moved by the optimism.",
    "methods.nested_delong": "DeLong's test of nested models was made too, though it is not valid there.",
    "methods.likelihood": "The outcome was modelled on {names} by logistic regression by maximum likelihood, with intervals by Wald's "
    "method and by the profile likelihood.",
    "methods.firth": "The outcome was modelled on {names} by logistic regression by Firth's penalised likelihood, with intervals by its "
    "profile and p by its ratio, judged on the patients it was fitted to.",
    "methods.sex_as_number": "Sex entered as 1 for women and 0 for men.",
    "methods.model_cutoff": "The cut-off of the predicted probability has the largest Youden index, found in the same patients; intervals "
    "of sensitivity and specificity: Wilson 1927.",
    "methods.hosmer_lemeshow": "The fit was tested by Hosmer and Lemeshow over {groups} groups of predicted probability.",
    "methods.calibration": "Calibration is that of predictions for each patient by the model fitted to all others.",
    "methods.resampled": "Areas were corrected for optimism by Harrell's bootstrap (2000 samples) and by ten-fold cross-validation, "
    "drawn 20 times; the apparent ones have DeLong's intervals.",
    "methods.resampled_beside": "Models beside it were fitted by maximum likelihood; their areas were corrected for optimism by Harrell's "
    "bootstrap (2000 samples) and by ten-fold cross-validation, drawn 20 times.",
    "methods.units_of_roc": "ROC curves of {markers} were made of single vertebrae ({levels}), each with the outcome of its patient and "
    "those of a patient taken as dependent (Obuchowski 1997); for each level alone intervals are DeLong's.",
    "methods.mrmc": "Areas under the ROC curves of {markers} by {readers} readers on {n} patients were analysed by the method of "
    "Obuchowski and Rockette with the degrees of freedom of Hillis, readers and patients random, from what each reader measured, "
    "never from decided values.",
    "methods.covariance.delong": "Covariances between areas were estimated as DeLong does.",
    "methods.covariance.jackknife": "Covariances between areas were estimated by the jackknife over patients.",
    # software
    "methods.software": "Statistics were computed with MarrowMark {version} (Python {python}, NumPy {numpy}, SciPy {scipy}), "
    "two-sided, with intervals of {level}.",
    "methods.read_with": "Values were stored by version {versions}.",
    "methods.synthetic": "All patients of this session are made up.",
}
