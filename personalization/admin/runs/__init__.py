from personalization.admin.runs.run_admin import RunAdmin

__all__ = ["RunAdmin"]
