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
    "methods.levels": "The value of a patient is the mean over {levels}, of which at least {needed} had to be measured.",
    "methods.level": "The value of a patient is that of {levels}.",
    "methods.units": "Fat fraction is given in %, R2* in {unit}.",
    "methods.field": "R2* was measured at {tesla} T.",
    "methods.counted.whole_spine": "Levels were counted on an image of the whole spine in {count} of {readings} readings.",
    "methods.counted.from_sacrum": "Levels were counted up from the sacrum in {count} of {readings} readings.",
    "methods.counted.from_c2": "Levels were counted down from C2 in {count} of {readings} readings.",
    "methods.counted.other": "Levels were counted in another way in {count} of {readings} readings.",
    # readers
    "methods.readers": "{readers} readers signed off {readings} readings of the patients analysed in round {round}.",
    "methods.reader": "A single reader signed off {readings} readings of the patients analysed in round {round}.",
    "methods.blinded": "The study was blinded: while a round was open, a reader saw neither what the other readers "
    "had measured nor any clinical data.",
    "methods.not_blinded": "{not_blinded} of {readings} readings were not made blinded.",
    "methods.open": "The protocol did not blind the readers.",
    "methods.trained": "{trained} exams served for training and are in no result.",
    "methods.repeats": "Part of the cases was read again after at least {days} days ({repeats} further rounds).",
    "methods.final.mean": "The final value of a patient is the mean of the readers.",
    "methods.final.adjudicated": "The final value of a patient is the mean of the readers; a coordinator decided on "
    "levels at which readers differed by more than {ff} points of fat fraction or {r2star} % of R2*.",
    "methods.final.one": "The values are those of one reader alone.",
    # participants
    "methods.groups": "Patients were grouped by the T-score of {region}: normal at {high} or above, osteoporosis at "
    "{low} or below, osteopenia between.",
    "methods.outcome.osteoporosis": "The outcome was a T-score of {limit} or below ({positive} of {known} patients).",
    "methods.outcome.low_bone_mass": "The outcome was a T-score below {high} ({positive} of {known} patients).",
    "methods.outcome.female": "The outcome was female sex ({positive} of {known} patients).",
    # agreement
    "methods.between": "Agreement is between two readers, from what each of them measured, never from decided values.",
    "methods.within": "Agreement is of one reader between two rounds.",
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
    "methods.limits_ci": "Methods of the confidence intervals: {bias} for the bias; {limits} for the limits.",
    "methods.icc": "Reliability is the intraclass correlation coefficient {form} ({mcgraw_wong} of McGraw and Wong; "
    "confidence interval: {method}).",
    # correlation
    "methods.correlation": "Fat fraction and R2* were correlated with {against} by Pearson's r (confidence interval: {method}), and by "
    "Spearman's and Kendall's coefficients.",
    "methods.within_groups": "The correlation within the {n_groups} T-score groups stands beside the pooled one.",
    "methods.partial": "Partial correlations are adjusted for {controls}.",
    "methods.vertebrae": "Vertebrae were correlated inside patients by the repeated-measures correlation.",
    # groups
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
    "methods.combined": "Markers were combined by logistic regression by maximum likelihood, judged on the patients it was fitted "
    "to unless it says otherwise.",
    # software
    "methods.software": "Statistics were computed with MarrowMark {version} (Python {python}, NumPy {numpy}, SciPy {scipy}), "
    "two-sided, with intervals of {level}.",
    "methods.read_with": "Values were stored by version {versions}.",
    "methods.synthetic": "All patients of this session are made up.",
}
