"""MarrowMark: measure lumbar vertebrae on MRI fat-fraction and R2* maps. Research use only."""

__version__ = "0.1.0"
