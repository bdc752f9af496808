"""Where does what was once computed lie, so that nobody waits for it twice and nothing torn is ever served?"""

from interlith.workbench.store.damage import Damaged
from interlith.workbench.store.layout import default_root
from interlith.workbench.store.store import Store
from interlith.workbench.store.upkeep import Cleaned, Verified, clean, verify

__all__ = ["Cleaned", "Damaged", "Store", "Verified", "clean", "default_root", "verify"]
