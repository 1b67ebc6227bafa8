#!/usr/bin/env bash
# Brings Debian's Chromium and CJK fonts where they are missing and apt-get may be used; otherwise says so.
# With COBUILD_REQUIRE containing "browser" a missing browser is a failure, not a skip.
set -uo pipefail

have() { command -v chromium >/dev/null 2>&1 && [ "$(fc-list 2>/dev/null | grep -ci 'noto.*cjk')" -gt 0 ]; }

if have; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium and CJK fonts for the browser tests (once) ..."
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig; } \
        >/dev/null 2>/tmp/cobuild-browser.log || tail -n 5 /tmp/cobuild-browser.log
fi
if have; then exit 0; fi
case ",${COBUILD_REQUIRE:-}," in
*,browser,*)
    echo "FAILED: a browser is required (COBUILD_REQUIRE) and Chromium could not be installed."
    exit 1
    ;;
*) echo "SKIPPED: no Chromium with CJK fonts here; the browser tests will be skipped." ;;
esac
