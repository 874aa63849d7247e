@echo off
rem The command `posthorn` of the headless archive. POSTHORN_NODE names another Node than the first one on the PATH.
setlocal
if not defined POSTHORN_NODE set "POSTHORN_NODE=node"
"%POSTHORN_NODE%" --max-semi-space-size=4 --heap-growing-percent=15 "%~dp0..\lib\posthorn.mjs" %*
