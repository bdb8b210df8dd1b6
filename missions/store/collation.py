"""Text in PostgreSQL is compared byte by byte, as SQLite compares it.

A server's usual order is people's ("a" before "B", "~" before "a"), and then a range such as
`flt-1/` to `flt-1/~` holds nothing. Times and ids are made to be compared by bytes.
"""

from sqlalchemy import Connection, text

_OTHERWISE = text(
    """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_collation o ON o.oid = a.attcollation
    WHERE n.nspname = current_schema() AND c.relkind = 'r' AND NOT a.attisdropped
      AND a.attnum > 0 AND o.collname <> 'C' AND a.atttypid = 'varchar'::regtype
    ORDER BY c.relname, a.attnum
    """
)


def by_bytes(connection: Connection) -> None:
    """Give every column of PostgreSQL that is searched by text the order of bytes.

    Run after migrations; what has it already is left alone. Only the indices are built anew.
    """
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    changes: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(_OTHERWISE):
        change = f'ALTER COLUMN {quote(column)} TYPE {kind} COLLATE "C"'
        changes.setdefault(table, []).append(change)
    for table, columns in changes.items():
        connection.exec_driver_sql(f"ALTER TABLE {quote(table)} {', '.join(columns)}")
