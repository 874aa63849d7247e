; What the installer does beyond copying files: the command `posthorn` on the PATH, and Posthorn among the mail programs that
; Windows offers as the default. Nothing is made the default here: Windows asks the person.

!macro posthornPath WHAT
  ${if} $installMode == "all"
    StrCpy $R8 "machine"
  ${else}
    StrCpy $R8 "user"
  ${endif}
  nsExec::ExecToLog '"$SYSDIR\WindowsPowerShell\v1.0\powershell.exe" -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$INSTDIR\resources\cli\posthorn-path.ps1" ${WHAT} $R8'
  Pop $R9
!macroend

!macro customInstall
  !insertmacro posthornPath "add"

  ; https://learn.microsoft.com/windows/win32/shell/default-programs
  WriteRegStr SHELL_CONTEXT "Software\Classes\Posthorn.mailto" "" "Mail address"
  WriteRegStr SHELL_CONTEXT "Software\Classes\Posthorn.mailto" "URL Protocol" ""
  WriteRegStr SHELL_CONTEXT "Software\Classes\Posthorn.mailto\DefaultIcon" "" "$appExe,0"
  WriteRegStr SHELL_CONTEXT "Software\Classes\Posthorn.mailto\shell\open\command" "" '"$appExe" "%1"'
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn" "" "Posthorn"
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\DefaultIcon" "" "$appExe,0"
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\shell\open\command" "" '"$appExe"'
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\Capabilities" "ApplicationName" "Posthorn"
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\Capabilities" "ApplicationDescription" "Mail client with its own mail server"
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\Capabilities" "ApplicationIcon" "$appExe,0"
  WriteRegStr SHELL_CONTEXT "Software\Clients\Mail\Posthorn\Capabilities\URLAssociations" "mailto" "Posthorn.mailto"
  WriteRegStr SHELL_CONTEXT "Software\RegisteredApplications" "Posthorn" "Software\Clients\Mail\Posthorn\Capabilities"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
!macroend

!macro customUnInstall
  !insertmacro posthornPath "remove"
  DeleteRegValue SHELL_CONTEXT "Software\RegisteredApplications" "Posthorn"
  DeleteRegKey SHELL_CONTEXT "Software\Clients\Mail\Posthorn"
  DeleteRegKey SHELL_CONTEXT "Software\Classes\Posthorn.mailto"
!macroend
