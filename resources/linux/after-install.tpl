#!/bin/bash
# Run by dpkg and rpm once the files are in place.

app='/opt/${sanitizedProductName}'

# The command `posthorn`, for terminals and for programs that want a sendmail.
chmod 0755 "$app/resources/cli/posthorn"
ln -sf "$app/resources/cli/posthorn" /usr/bin/posthorn

# Where the kernel lets nobody make user namespaces, Chromium's sandbox needs this helper to be root's.
if [ -L /proc/self/ns/user ] && unshare --user true 2>/dev/null; then
    chmod 0755 "$app/chrome-sandbox" || true
else
    chmod 4755 "$app/chrome-sandbox" || true
fi

# Ubuntu lets a program make them by a profile only. Where the system does not know such profiles, none is needed.
if hash apparmor_status apparmor_parser 2>/dev/null && apparmor_status --enabled >/dev/null 2>&1; then
    profile="$app/resources/apparmor-profile"
    if apparmor_parser --skip-kernel-load --debug "$profile" >/dev/null 2>&1; then
        cp -f "$profile" '/etc/apparmor.d/${executable}'
        if ! { [ -x /usr/bin/ischroot ] && /usr/bin/ischroot; }; then
            apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
        fi
    fi
fi

if hash update-desktop-database 2>/dev/null; then update-desktop-database /usr/share/applications || true; fi
if hash gtk-update-icon-cache 2>/dev/null; then gtk-update-icon-cache -q -t -f /usr/share/icons/hicolor || true; fi
exit 0
