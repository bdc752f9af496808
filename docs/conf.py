"""Settings of the documentation build."""

from importlib.metadata import version as _version

project = "Interlith"
author = "The Interlith developers"
copyright = "2026, the Interlith developers"  # noqa: A001 - Sphinx's own name
release = _version("interlith")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "code"
html_theme = "alabaster"
html_theme_options = {"description": "From raw files to honest numbers.", "fixed_sidebar": True, "page_width": "1100px"}
html_show_sourcelink = False
