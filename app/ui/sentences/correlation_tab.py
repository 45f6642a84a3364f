"""Words of the Correlation tab. Part of the one catalogue."""

from __future__ import annotations

CORRELATION_TAB: dict[str, str] = {
    "correlation.title": "Correlation of {name} with {against}",
    "correlation.against_title": "Against",
    "correlation.against_tip": "The clinical column the map is set against.",
    "correlation.against.bmd": "BMD",
    "correlation.against.tscore": "T-score",
    "correlation.against.age": "age",
    "correlation.name.bmd": "BMD {region}",
    "correlation.name.tscore": "T-score {region}",
    "correlation.name.tscore.lowest": "Lowest T-score",
    "correlation.name.age": "age",
    "correlation.years": "years",
    "correlation.row.partial": "Adjusted for {controls} (n = {n})",
    "correlation.row.spearman": "Spearman's rho",
    "correlation.row.kendall": "Kendall's tau-b",
    "correlation.row.inside": "Inside patients ({values} vertebrae of {patients} patients)",
    "correlation.row.maps": "FF {first}, R2* {second} (strengths)",
    "correlation.table.within": "Within T-score groups",
    "correlation.table.within_qct": "Within groups by QCT density",
    "correlation.table.partial": "Adjusted for age, sex and BMI",
    "correlation.table.vertebrae": "Same vertebra: map and density",
    "correlation.table.maps": "FF against R2*",
    "correlation.head.difference": "difference",
    "correlation.note": "Intervals: Fisher's z.",
    "correlation.note_excluded": "Intervals: Fisher's z. {excluded} patients without both values.",
    "correlation.note_excluded.excluded_1": "Intervals: Fisher's z. 1 patient without both values.",
    "correlation.note_ranks": "Intervals: Fisher's z; of Spearman's rho {method}.",
    "correlation.note_excluded_ranks": "Intervals: Fisher's z; of Spearman's rho {method}. {excluded} patients without "
    "both values.",
    "correlation.note_excluded_ranks.excluded_1": "Intervals: Fisher's z; of Spearman's rho {method}. 1 patient without both "
    "values.",
    "correlation.note.vertebrae": "Repeated-measures correlation: only changes from vertebra to vertebra inside a patient "
    "count.",
    "correlation.note.maps": "Williams's test of two correlations with the same column, R2* turned round.",
    "correlation.between_qct": "The correlation over all patients (r = {pooled}) lies between the groups by QCT density: within "
    "them it is r = {within} ({level} CI {low} to {high}, p {p}). It says that the groups differ, not that the two values go together in patients "
    "of one group.",
    "correlation.between": "The correlation over all patients (r = {pooled}) lies between the T-score groups: within "
    "them it is r = {within} ({level} CI {low} to {high}, p {p}). It says that the groups differ, not that the two values go together in patients "
    "of one group.",
}
