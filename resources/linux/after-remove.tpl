#!/bin/bash
# Run by dpkg and rpm once the files are gone. An upgrade runs it, too, after the new version has made its link: dpkg
# says "upgrade", rpm that one version is left.
case "$1" in upgrade | 1) exit 0 ;; esac

if [ -L /usr/bin/posthorn ] && [ ! -e /usr/bin/posthorn ]; then rm -f /usr/bin/posthorn; fi

profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
    if hash apparmor_parser 2>/dev/null; then apparmor_parser --remove "$profile" >/dev/null 2>&1 || true; fi
    rm -f "$profile"
fi

if hash update-desktop-database 2>/dev/null; then update-desktop-database /usr/share/applications || true; fi
exit 0
