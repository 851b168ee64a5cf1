// What `bin/` of a standalone dcs holds: each starts the version that the first line of `current` names. No Node is needed before it.

export const SH = `#!/bin/sh
# Starts the version of dcs that ../current names.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=\${self%/*}/$link ;; esac
done
case $self in */*) root=\${self%/*}/.. ;; *) root=.. ;; esac
IFS= read -r version <"$root/current" || exit 1
exec "$root/versions/$version/node" "$root/versions/$version/bin/run.js" "$@"
`;

export const CMD = `@echo off
setlocal
set /p version=<"%~dp0..\\current"
"%~dp0..\\versions\\%version%\\node.exe" "%~dp0..\\versions\\%version%\\bin\\run.js" %*
`.replaceAll('\n', '\r\n');
