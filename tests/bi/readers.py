"""The tools of BI teams, each as a function that reads columns of a view into rows of Python values."""

import adbc_driver_postgresql.dbapi
import duckdb
import duckdb_extensions
import pandas
import polars

duckdb_extensions.import_extension("postgres_scanner")


def with_duckdb(url):
    database = duckdb.connect()
    database.execute("LOAD postgres_scanner")
    database.execute(f"ATTACH '{url}' AS shop (TYPE postgres, READ_ONLY, SCHEMA 'bi')")
    return lambda view, columns: database.execute(f"SELECT {', '.join(columns)} FROM shop.bi.{view}").fetchall()


def with_pandas(url):
    connection = adbc_driver_postgresql.dbapi.connect(url, autocommit=True)

    def read(view, columns):
        frame = pandas.read_sql(f"SELECT {', '.join(columns)} FROM bi.{view}", connection, dtype_backend="pyarrow")
        frame = frame.astype(object).where(frame.notna(), None)
        return list(frame.itertuples(index=False, name=None))

    return read


def with_polars_and_connectorx(url):
    return lambda view, columns: polars.read_database_uri(
        f"SELECT {', '.join(columns)} FROM bi.{view}", url, engine="connectorx").rows()


def with_polars_and_adbc(url):
    connection = adbc_driver_postgresql.dbapi.connect(url, autocommit=True)
    return lambda view, columns: polars.read_database(
        f"SELECT {', '.join(columns)} FROM bi.{view}", connection).rows()


ALL = {
    "duckdb": with_duckdb,
    "pandas over adbc": with_pandas,
    "polars over connectorx": with_polars_and_connectorx,
    "polars over adbc": with_polars_and_adbc,
}
