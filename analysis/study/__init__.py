"""The study runner: stages in order, cache, resume. The only place that knows the order of the stages."""

from analysis.study.folder import StudyFolder
from analysis.study.forecast import Forecast, forecast
from analysis.study.kept import kept_excitations
from analysis.study.load import open_study
from analysis.study.plan import Cost, Stage, Task, make_plan
from analysis.study.run import StudyProgress, StudyResults, run_study
from analysis.study.stages import STAGES, stages_of

__all__ = [
    "STAGES",
    "Cost",
    "Forecast",
    "Stage",
    "StudyFolder",
    "StudyProgress",
    "StudyResults",
    "Task",
    "forecast",
    "kept_excitations",
    "make_plan",
    "open_study",
    "run_study",
    "stages_of",
]
