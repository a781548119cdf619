"""Tables from openml.org, of which the tests stand in for the answers."""

import gzip
import hashlib
import io
import json
from urllib.error import HTTPError

import pandas as pd
import pytest
from sklearn.datasets import _openml

from ganbench.api import SpecError
from ganbench.cache import fetching, folder
from ganbench.errors import DeviceError, NotCachedError
from ganbench_tabular import Adult, Covertype
from ganbench_tabular.fetched import joined

ADULT = """\
@relation adult
@attribute age numeric
@attribute workclass {Private, Never-worked, 'Self-emp, inc'}
@attribute hours real
@attribute class {<=50K, >50K}
@data
25,Private,40,<=50K
38,?,50.5,>50K
28,'Self-emp, inc',?,<=50K
44,Private,40,>50K
18,Private,30,<=50K
34,?,40,<=50K
"""

FOREST = """\
@relation covertype
@attribute Elevation numeric
@attribute Wilderness_Area1 {0, 1}
@attribute Wilderness_Area2 {0, 1}
@attribute Soil_Type1 numeric
@attribute Soil_Type2 numeric
@attribute Soil_Type3 numeric
@attribute class {1, 2, 3}
@data
2596,1,0,0,0,1,2
2590,0,1,1,0,0,1
2804,1,0,0,1,0,2
2785,1,0,0,0,1,3
"""


def answers(arff):
    """Return what openml.org says of a data set, by the end of the address."""
    lines = [line.split(" ", 2) for line in arff.splitlines() if line.startswith("@attribute")]
    features = [
        {
            "index": str(index),
            "name": name,
            "data_type": "nominal" if kind.startswith("{") else "numeric",
            "is_target": str(name == "class").lower(),
            "is_ignore": "false",
            "is_row_identifier": "false",
            "number_of_missing_values": "0",
        }
        for index, (_, name, kind) in enumerate(lines)
    ]
    description = {
        "id": "1",
        "name": "stand-in",
        "version": "1",
        "description": "a stand-in",
        "format": "ARFF",
        "status": "active",
        "file_id": "7",
        "url": "https://api.openml.org/data/v1/download/7",
        "md5_checksum": hashlib.md5(arff.encode()).hexdigest(),
    }
    return {
        "data": json.dumps({"data_set_description": description}),
        "features": json.dumps({"data_features": {"feature": features}}),
        "qualities": json.dumps({"data_qualities": {"quality": []}}),
        "download": arff,
    }


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Let scikit-learn open stand-in answers; return the addresses that it asked for."""
    asked = []
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path))

    def serve(arff, **replaced):
        said = {**answers(arff), **replaced}

        def urlopen(request, *args, **kwargs):
            url = request if isinstance(request, str) else request.full_url
            asked.append(url)
            kind = next(k for k in ("features", "qualities", "download", "data") if k in url)
            if said[kind] is None:
                raise HTTPError(url, 412, "Precondition Failed", {}, io.BytesIO(b"{}"))
            file = io.BytesIO(gzip.compress(said[kind].encode()))
            file.info = lambda: {"Content-Encoding": "gzip"}
            return file

        monkeypatch.setattr(_openml, "urlopen", urlopen)
        return asked

    return serve


def test_nothing_is_fetched_by_a_run(served):
    asked = served(ADULT)
    with pytest.raises(NotCachedError, match=r"adult\.parquet"):
        Adult()
    assert asked == []


def test_adult_is_fetched_once_with_its_dtypes_and_gaps(served):
    asked = served(ADULT)
    with fetching():
        data = Adult()
    assert asked
    assert [path.name for path in (folder() / "openml").iterdir()] == ["adult.parquet"]
    count = len(asked)
    again = Adult()
    assert len(asked) == count
    assert again.fingerprint() == data.fingerprint()
    assert data.target == "class"
    frame = data.frame
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "category", "float64", "category"]
    assert {*frame["workclass"].cat.categories} == {"Private", "Self-emp, inc"}
    assert frame.isna().sum().tolist() == [0, 2, 1, 0]
    for split in ("train", "test"):
        decoded = data.to_frame(data.rows(split))
        real = frame.iloc[data.positions[split]].reset_index(drop=True)
        pd.testing.assert_frame_equal(decoded, real, check_exact=True)


def test_one_of_several_columns_becomes_one_column(served):
    served(FOREST)
    with fetching():
        data = Covertype()
    assert list(data.frame) == ["Elevation", "Wilderness_Area", "Soil_Type", "class"]
    assert data.frame["Wilderness_Area"].tolist() == [1, 2, 1, 1]
    assert data.frame["Soil_Type"].tolist() == [3, 1, 2, 3]
    kinds = [column.kind for column in data.spec.columns]
    assert kinds == ["numeric", "categorical", "categorical", "categorical"]


def test_joining_keeps_the_place_of_the_first():
    frame = pd.DataFrame({"Soil_Type1": [0, 1], "x": [5, 6], "Soil_Type2": [1, 0]})
    assert joined(frame).to_dict("list") == {"Soil_Type": [2, 1], "x": [5, 6]}


@pytest.mark.parametrize(
    "replaced", [{"download": ADULT + "1,Private,1,<=50K\n"}, {"data": None}, {"features": "{"}]
)
def test_a_bad_answer_is_one_sentence_and_leaves_nothing(served, replaced):
    served(ADULT, **replaced)
    with fetching(), pytest.raises((DeviceError, SpecError)) as error:
        Adult()
    assert "adult" in str(error.value)
    assert "\n" not in str(error.value)
    assert [*folder().rglob("*.parquet")] == []
