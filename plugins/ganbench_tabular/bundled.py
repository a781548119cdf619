"""Tables that ship inside Python packages."""

from ganbench.api import NonNegativeInt, PositiveInt
from ganbench_tabular.tables import TableDataset


class BreastCancer(TableDataset):
    """Breast tumours: 569 rows of thirty measures of cell nuclei and the diagnosis.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.

    Source: Street, Wolberg & Mangasarian 1993, UCI Machine Learning Repository,
        doi:10.24432/C5DW2B
    """

    target = "target"

    def __init__(self, split_seed: NonNegativeInt = 0) -> None:
        from sklearn.datasets import load_breast_cancer  # slow to import

        frame = load_breast_cancer(as_frame=True).frame
        super().__init__(frame, categorical=("target",), split_seed=split_seed)


class Fair(TableDataset):
    """Marriages and affairs: 6366 answers to a survey, of ordinal, nominal and skewed columns.

    The occupations of the two spouses are categories, grades such as religiousness are numbers
    that keep to their levels, and two thirds of the column `affairs` are exactly zero.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more. Below
            77, `affairs` does not, and its recurring values give fakes away.

    Source: Fair 1978, Journal of Political Economy 86(1):45-61
    """

    # The number of affairs itself cannot be predicted from the rest: trees reach an R^2 of 0.
    target = "children"

    def __init__(self, split_seed: NonNegativeInt = 0, max_levels: PositiveInt = 100) -> None:
        from statsmodels.datasets import fair  # slow to import

        frame = fair.load_pandas().data
        super().__init__(frame, ("occupation", "occupation_husb"), split_seed, max_levels)
