"""``python -m interlith`` does what ``interlith`` does."""

from interlith.app.main import main

main()
