"""From raw instrument files of bare and modified battery cathodes to numbers with honest uncertainties and evidence."""

__version__ = "0.1.0.dev0"
