"""Tables that ship inside Python packages."""

import pandas as pd

from ganbench.api import NonNegativeInt, PositiveInt
from ganbench_tabular.scales import Encoder
from ganbench_tabular.tables import MAX_LEVELS, TableDataset


class BreastCancer(TableDataset):
    """Breast tumours: 569 rows of thirty measures of cell nuclei and the diagnosis.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Street, Wolberg & Mangasarian 1993, UCI Machine Learning Repository,
        doi:10.24432/C5DW2B

    Kind: table
    Size: 569 rows, 31 columns
    Licence: CC BY 4.0 (UCI; ships with scikit-learn)
    """

    target = "target"

    def __init__(self, split_seed: NonNegativeInt = 0, encoder: Encoder = "standard") -> None:
        from sklearn.datasets import load_breast_cancer  # slow to import

        frame = load_breast_cancer(as_frame=True).frame
        super().__init__(frame, ("target",), split_seed, encoder=encoder)


class Wine(TableDataset):
    """Wines: 178 rows of thirteen chemical measures and which of three cultivars it is.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Aeberhard & Forina 1992, UCI Machine Learning Repository, doi:10.24432/C5PC7J

    Kind: table
    Size: 178 rows, 14 columns
    Licence: CC BY 4.0 (UCI; ships with scikit-learn)
    """

    target = "target"

    def __init__(self, split_seed: NonNegativeInt = 0, encoder: Encoder = "standard") -> None:
        from sklearn.datasets import load_wine  # slow to import

        frame = load_wine(as_frame=True).frame
        super().__init__(frame, ("target",), split_seed, encoder=encoder)


class Diabetes(TableDataset):
    """Diabetes: 442 patients' age, sex, body measures and blood serum, and the disease after.

    The numbers are those measured, not scikit-learn's scaled ones. The sex is a category; the
    column to predict, `target`, is a number.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Efron, Hastie, Johnstone & Tibshirani 2004, Annals of Statistics 32(2):407-499

    Kind: table
    Size: 442 rows, 11 columns
    Licence: not stated (ships with scikit-learn)
    """

    target = "target"

    def __init__(self, split_seed: NonNegativeInt = 0, encoder: Encoder = "standard") -> None:
        from sklearn.datasets import load_diabetes  # slow to import

        frame = load_diabetes(as_frame=True, scaled=False).frame
        super().__init__(frame, ("sex",), split_seed, encoder=encoder)


class Fair(TableDataset):
    """Marriages and affairs: 6366 answers to a survey, of ordinal, nominal and skewed columns.

    The occupations of the two spouses are categories, grades such as religiousness are numbers
    that keep to their levels, and two thirds of the column `affairs` are exactly zero.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more. Below
            77, `affairs` does not, and its recurring values give fakes away.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Fair 1978, Journal of Political Economy 86(1):45-61

    Kind: table
    Size: 6366 rows, 9 columns
    Licence: public domain (as statsmodels says, with which it ships)
    """

    # The number of affairs itself cannot be predicted from the rest: trees reach an R^2 of 0.
    target = "children"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = 100,
        encoder: Encoder = "standard",
    ) -> None:
        from statsmodels.datasets import fair  # slow to import

        frame = fair.load_pandas().data
        categorical = ("occupation", "occupation_husb")
        super().__init__(frame, categorical, split_seed, max_levels, encoder)


class Randhie(TableDataset):
    """The RAND health insurance experiment: visits to doctors, insurance and health.

    Each row is a year of a person. The insurance `idp` is a category, and so is `health`, from
    "excellent" to "poor": the one column that the three of 0 and 1 (`hlthg`, `hlthf`, `hlthp`)
    stand for.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Cameron & Trivedi 2005, Microeconometrics, chapter 20; Newhouse 1993, Free for All?

    Kind: table
    Size: 20190 rows, 8 columns
    Licence: public domain (as statsmodels says, with which it ships)
    """

    target = "idp"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = MAX_LEVELS,
        encoder: Encoder = "standard",
    ) -> None:
        from statsmodels.datasets import randhie  # slow to import

        frame = randhie.load_pandas().data
        grades = {"good": "hlthg", "fair": "hlthf", "poor": "hlthp"}
        health = pd.Series("excellent", frame.index)
        for grade, name in grades.items():
            health = health.mask(frame[name] == 1, grade)
        frame = frame.drop(columns=[*grades.values()]).assign(health=health)
        super().__init__(frame, ("idp",), split_seed, max_levels, encoder)


class Anes96(TableDataset):
    """The American National Election Study of 1996: 944 voters, their views and their vote.

    The vote is a category; grades, such as of party and of opinions from left to right, are
    numbers that keep to their levels. `logpopul` is left out: it is log(popul + .1).

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: American National Election Studies 1996, electionstudies.org

    Kind: table
    Size: 944 rows, 10 columns
    Licence: public domain (as statsmodels says, with which it ships)
    """

    target = "vote"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = 100,
        encoder: Encoder = "standard",
    ) -> None:
        from statsmodels.datasets import anes96  # slow to import

        frame = anes96.load_pandas().data.drop(columns="logpopul")
        super().__init__(frame, ("vote",), split_seed, max_levels, encoder)


class ModeChoice(TableDataset):
    """Choice of travel: 210 travellers, each with a row for plane, train, bus and car.

    The means of travel `mode` and whether it was chosen (`choice`) are categories. The number of
    the traveller, `individual`, is left out; the four rows of one may fall to different halves.

    Args:
        split_seed: which half of the shuffled rows is for training, 0 or more.
        max_levels: up to how many distinct values a number counts as discrete, 1 or more.
        encoder: of numeric columns, "standard", "quantile" or "modes" (CTGAN's).

    Source: Greene & Hensher 1997, in Greene, Econometric Analysis, table F18-2

    Kind: table
    Size: 840 rows, 8 columns
    Licence: public domain (as statsmodels says, with which it ships)
    """

    target = "choice"

    def __init__(
        self,
        split_seed: NonNegativeInt = 0,
        max_levels: PositiveInt = MAX_LEVELS,
        encoder: Encoder = "standard",
    ) -> None:
        from statsmodels.datasets import modechoice  # slow to import

        frame = modechoice.load_pandas().data.drop(columns="individual")
        super().__init__(frame, ("mode", "choice"), split_seed, max_levels, encoder)
