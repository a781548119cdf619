"""Plugins for the fault suite: sound components, and components that fail in every way."""
