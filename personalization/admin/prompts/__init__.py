"""What editors steer the model with: prompts, variables and settings, each a list of its own."""

from personalization.admin.prompts.prompt_admin import PromptAdmin
from personalization.admin.prompts.setting_admin import SettingAdmin
from personalization.admin.prompts.variable_admin import VariableAdmin

__all__ = ["PromptAdmin", "SettingAdmin", "VariableAdmin"]
