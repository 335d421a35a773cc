"""Why a run failed, what stood in its way, and what to do."""
