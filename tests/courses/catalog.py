"""What PostgreSQL itself says of the six original tables."""

from typing import Any, Protocol

# The columns of data-model.md, beside which the product has some of its own.
ORIGINAL_COLUMNS = {
    "courses": ["id", "created_at", "slug", "title", "description"],
    "lessons": ["id", "created_at", "course_id", "lesson_number", "title", "summary", "content"],
    "lesson_descriptions": ["id", "created_at", "lesson_id", "data"],
    "lesson_assets": ["id", "created_at", "lesson_id", "asset_type", "url", "metadata"],
    "profiles": ["id", "created_at", "user_identifier", "name", "course_slug", "survey"],
    "personalized_lesson_descriptions": ["id", "created_at", "profile_id", "lesson_id", "content"],
}
TABLES = list(ORIGINAL_COLUMNS)


class Executes(Protocol):
    def execute(self, query: str, /) -> Any: ...

    def fetchall(self) -> list[Any]: ...


_NAMES = ", ".join(f"'{table}'" for table in TABLES)

# name, type, NULL or not, default or generating expression, stored how
COLUMNS = f"""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relname IN ({_NAMES}) AND a.attnum > 0 AND NOT a.attisdropped
"""
# primary keys and unique constraints by name; PostgreSQL 18 lists NOT NULL too, which COLUMNS has
KEYS = f"""
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text IN ({_NAMES}) AND contype IN ('p', 'u', 'c', 'x')
"""
# columns, target, ON DELETE, ON UPDATE: the name and the moment of the check are a site's own
FOREIGN_KEYS = f"""
    SELECT k.conrelid::regclass::text, a.attname, k.confrelid::regclass::text, t.attname,
           k.confdeltype::text, k.confupdtype::text, k.convalidated
    FROM pg_constraint k
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = k.confkey[1]
    WHERE k.conrelid::regclass::text IN ({_NAMES}) AND k.contype = 'f' AND cardinality(k.conkey) = 1
"""
INDEXES = f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({_NAMES})"
TRIGGERS = f"""
    SELECT tgrelid::regclass::text, tgname, tgtype, p.prosrc
    FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid
    WHERE tgrelid::regclass::text IN ({_NAMES}) AND tgname LIKE 'pgtrigger%'
"""


def rows(cursor: Executes, query: str) -> set[tuple[Any, ...]]:
    cursor.execute(query)
    return {tuple(row) for row in cursor.fetchall()}
