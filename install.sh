#!/bin/sh
# Installs the Debian packages named as arguments that are missing, and says so.
set -eu

missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    become=""
elif command -v sudo >/dev/null 2>&1; then
    become="sudo"
else
    echo "These Debian packages are missing and only root can install them:$missing" >&2
    echo "Run as root:  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "Installing Debian packages:$missing"
$become apt-get update -qq
# shellcheck disable=SC2086  # the list is meant to be split
$become env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
