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
# Formulas are plain text: no page may ask a host for a script that draws them.
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_typehints = "signature"
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "code"
html_theme = "alabaster"
html_theme_options = {
    "description": "From raw files to honest numbers.",
    "fixed_sidebar": True,
    "page_width": "1260px",
    "body_max_width": "980px",
}
html_show_sourcelink = False
html_static_path = ["_static"]


def _formats_page(_app: object) -> None:
    """Write the table of formats from the registry, so that page and code cannot disagree."""
    from pathlib import Path

    from interlith.workbench.discovery import formats

    lines = [
        "# File formats",
        "",
        "Made from the registry when this page was built. Every file is recognised by content and checked against itself.",
        "",
        "| format | files | versions seen | what is read | what is refused or left out | source of the layout |",
        "|---|---|---|---|---|---|",
    ]
    for item in sorted(formats().values(), key=lambda item: (bool(item.refuses), item.name)):
        cells = (
            f"{item.title} (`{item.name}`)",
            ", ".join(item.patterns),
            ", ".join(item.versions_seen) or "-",
            "nothing" if item.refuses else item.reads,
            item.refuses or item.limits,
            item.source,
        )
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
    Path(__file__).with_name("formats.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def setup(app):
    """Make generated pages before reading the sources."""
    app.connect("builder-inited", _formats_page)
