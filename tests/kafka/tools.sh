#!/usr/bin/env bash
# Brings Java and Maven (for real brokers) and kcat (a foreign client) where they are missing and apt-get may be used,
# and has Kafka's jars fetched once; otherwise says what will be skipped.
# With COBUILD_REQUIRE containing "kafka" anything missing is a failure, not a skip.
set -uo pipefail
cd "$(dirname "$0")/../.."

missing() {
    command -v java >/dev/null 2>&1 || [ -x "${JAVA_HOME:-/nowhere}/bin/java" ] || echo default-jre-headless
    command -v mvn >/dev/null 2>&1 || echo maven
    command -v kcat >/dev/null 2>&1 || echo kcat
}

go_without() {
    case ",${COBUILD_REQUIRE:-}," in
    *,kafka,*)
        echo "FAILED: Kafka is required (COBUILD_REQUIRE), and $1."
        exit 1
        ;;
    *) echo "SKIPPED: $1; the tests that need it will be skipped." ;;
    esac
}

mapfile -t packages < <(missing)
if [ ${#packages[@]} -gt 0 ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing ${packages[*]} for the Kafka tests (once) ..."
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >/dev/null 2>"$log" ||
        tail -n 5 "$log"
    rm -f "$log"
    mapfile -t packages < <(missing)
fi
[ ${#packages[@]} -eq 0 ] || go_without "these Debian packages are not here: ${packages[*]}"
.venv/bin/python -m tests.kafka.fetch || go_without "there is no Kafka (see above)"
