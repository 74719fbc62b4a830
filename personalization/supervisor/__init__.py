"""The supervisor: what is known of a learner → four factors → scores of seven clusters → guidance.

Pure functions; all numbers and words stand in `tables` and `guidance`.
"""

from personalization.supervisor.clusters import Assessment, Factors, Known, assess
from personalization.supervisor.guidance import guidance, guidance_tags
from personalization.supervisor.tables import BALANCED, CLUSTERS

__all__ = [
    "BALANCED",
    "CLUSTERS",
    "Assessment",
    "Factors",
    "Known",
    "assess",
    "guidance",
    "guidance_tags",
]
