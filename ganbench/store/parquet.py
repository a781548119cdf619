"""Reading parquet files in one thread.

`pyarrow.parquet.read_table` leaves the last of the work to threads of Arrow. One that lets go of
Python's bytes while the interpreter ends aborts the process.
"""

import pyarrow as pa
from pyarrow.parquet import ParquetFile


def opened(data: bytes) -> ParquetFile:
    """Open the bytes of a parquet file.

    Raises:
        ArrowException: if they are none.
    """
    return ParquetFile(pa.BufferReader(data), pre_buffer=False)


def read_parquet(data: bytes) -> pa.Table:
    """Read the bytes of a parquet file.

    Raises:
        ArrowException: if they are none.
    """
    return opened(data).read(use_threads=False)
