"""The variables of a ModelService in texts, and the BaseConfig that is made of such texts."""
