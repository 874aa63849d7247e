# Puts the folder of the command `posthorn` on the PATH, or takes it away. Run by the installer.
#   posthorn-path.ps1 add|remove user|machine
param(
  [Parameter(Mandatory = $true)][ValidateSet('add', 'remove')][string]$What,
  [Parameter(Mandatory = $true)][ValidateSet('user', 'machine')][string]$Of
)
$ErrorActionPreference = 'Stop'
$folder = $PSScriptRoot

if ($Of -eq 'machine') {
  $key = [Microsoft.Win32.Registry]::LocalMachine.OpenSubKey('SYSTEM\CurrentControlSet\Control\Session Manager\Environment', $true)
} else {
  $key = [Microsoft.Win32.Registry]::CurrentUser.CreateSubKey('Environment')
}
# As it was written: .NET's own call would write %USERPROFILE% and the like out, for good.
$path = [string]$key.GetValue('Path', '', 'DoNotExpandEnvironmentNames')
$folders = @($path -split ';' | Where-Object { $_ -ne '' -and $_.TrimEnd('\') -ne $folder.TrimEnd('\') })
if ($What -eq 'add') { $folders += $folder }
$key.SetValue('Path', ($folders -join ';'), 'ExpandString')
$key.Close()

# Tells the programs that run: setting any variable does it.
[Environment]::SetEnvironmentVariable('POSTHORN_INSTALLED', $null, 'User')
