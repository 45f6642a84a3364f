"""The window. Qt lives here only; sentences, present and tabs stay free of it."""
