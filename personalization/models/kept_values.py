"""The trigger that keeps what variables and settings were, beside the changes of the six tables."""

from pgtrigger import After, Delete, Insert, Trigger, Update

# Prompts have versions. A row of `changes` is named by a uuid, and an entry by its key: its hash is one.
_KEEP = """
    IF starts_with(coalesce(NEW.key, OLD.key), 'prompt_') THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.value, OLD.description, OLD.is_public)
            IS NOT DISTINCT FROM (NEW.value, NEW.description, NEW.is_public) THEN
        RETURN NULL;
    END IF;
    INSERT INTO changes (table_name, row_id, kind, before, at, transaction, context_id, database_user)
    SELECT 'app_config', md5(coalesce(NEW.key, OLD.key))::uuid, lower(TG_OP),
           CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, clock_timestamp(),
           pg_current_xact_id()::text::bigint, reason.id, CASE WHEN reason.id IS NULL THEN session_user END
    FROM (SELECT _pgh_attach_context() AS id) reason;
    RETURN NULL;
"""


def keep_values() -> Trigger:
    return Trigger(name="keep_values", when=After, operation=Insert | Update | Delete, func=_KEEP)
