"""Brings locked archives into the store, verified. The only part of linkmode that touches the network."""

from linkmode.fetch.index import file_path
from linkmode.fetch.run import Attempt, Options, Result, fetch_all
from linkmode.fetch.store import Store, default_root
from linkmode.fetch.web import Limits

__all__ = ["Attempt", "Limits", "Options", "Result", "Store", "default_root", "fetch_all", "file_path"]
