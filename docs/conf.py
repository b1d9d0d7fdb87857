"""Sphinx's settings. Build from the repository's root: ``python -m sphinx -W docs docs/_build``."""

from sphinx_gallery.sorting import ExplicitOrder

import lutsr

project = "lutsr"
author = "The lutsr developers"
copyright = author
version = release = lutsr.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "_static", "examples", "figures"]
# Files that sphinx-gallery writes for other ways of publishing; none of them is a page.
exclude_patterns += ["gallery/*.ipynb", "gallery/*.py", "gallery/*.json"]
nitpicky = False

templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["narrow.css"]
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say the types in words
numpydoc_show_class_members = False
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_deep_sky.py",
            "plot_photograph.py",
            "plot_old_jpeg.py",
            "plot_prints.py",
            "plot_folder.py",
            "plot_video.py",
        ]
    ),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
    "remove_config_comments": True,
}

html_theme = "pydata_sphinx_theme"
html_title = f"lutsr {version}"
html_show_sourcelink = False
html_sidebars = {"*": []}  # pages without pages below them
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 5,
    "navbar_persistent": ["search-button"],  # with a field, the header takes two lines at 1000 px
    "footer_start": ["copyright"],
    "footer_end": [],
}
