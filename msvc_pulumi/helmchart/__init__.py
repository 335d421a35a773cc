"""Values of the Helm chart llm-d-modelservice as a ModelService and a BaseConfig.

`convert` returns both, the objects that have no place in either, and what could not be carried
over. What the chart makes of its values was read in its templates and tried (v0.4.12).
"""

from __future__ import annotations

from msvc_pulumi.helmchart.conversion import Conversion, convert
from msvc_pulumi.helmchart.values import ChartValues, read_values

__all__ = ["ChartValues", "Conversion", "convert", "read_values"]
