"""The console: the operators' overview, one page on the same FastAPI application as the API.

``texts`` holds every text, ``desk`` and ``reasons`` read the lists, ``board`` shares what was read among all
open pages, ``page`` is the page's server side, ``web/`` its browser side.
"""

from api.console.mounting import CONSOLE, ConsolePorts, mount

__all__ = ["CONSOLE", "ConsolePorts", "mount"]
