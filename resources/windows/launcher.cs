// posthorn.exe: the command `posthorn` on Windows. Posthorn.exe is a program with windows, for which a console does not wait
// and to which it hands no input; this one waits, carries bytes both ways, and ends with the same status.
// Compiled at packaging by the C# 5 compiler that every Windows has (scripts/windows-launcher.mjs).
using System;
using System.Diagnostics;
using System.IO;
using System.Reflection;
using System.Threading;

[assembly: AssemblyTitle("Posthorn's command line")]
[assembly: AssemblyProduct("Posthorn")]

static class Launcher
{
    const int Unavailable = 69; // EX_UNAVAILABLE of sysexits(3)

    static int Main()
    {
        string folder = AppDomain.CurrentDomain.BaseDirectory;
        string program = Path.GetFullPath(Path.Combine(folder, @"..\..\Posthorn.exe"));
        ProcessStartInfo start = new ProcessStartInfo(program, ("--cli " + OwnArguments()).TrimEnd());
        start.UseShellExecute = false;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.EnvironmentVariables["ELECTRON_NO_ATTACH_CONSOLE"] = "1";
        // Ctrl-C reaches the program as well: what is under way ends there, and its status is told here.
        Console.CancelKeyPress += delegate(object sender, ConsoleCancelEventArgs e) { e.Cancel = true; };

        Process child;
        try
        {
            child = Process.Start(start);
        }
        catch (Exception error)
        {
            Console.Error.WriteLine("posthorn: start " + program + ": " + error.Message);
            return Unavailable;
        }
        Thread output = Carry(child.StandardOutput.BaseStream, Console.OpenStandardOutput());
        Thread errors = Carry(child.StandardError.BaseStream, Console.OpenStandardError());
        Thread input = new Thread(delegate() { Copy(Console.OpenStandardInput(), child.StandardInput.BaseStream, true); });
        input.IsBackground = true; // nobody may ever end the line
        input.Start();
        child.WaitForExit();
        output.Join();
        errors.Join();
        return child.ExitCode;
    }

    /// The command line as it was written, without the program's own name: quoted as the caller quoted it.
    static string OwnArguments()
    {
        string line = Environment.CommandLine;
        int end;
        if (line.StartsWith("\""))
        {
            end = line.IndexOf('"', 1);
            end = end < 0 ? line.Length : end + 1;
        }
        else
        {
            end = line.IndexOfAny(new char[] { ' ', '\t' });
            if (end < 0) end = line.Length;
        }
        return line.Substring(end).TrimStart();
    }

    static Thread Carry(Stream from, Stream to)
    {
        Thread thread = new Thread(delegate() { Copy(from, to, false); });
        thread.Start();
        return thread;
    }

    static void Copy(Stream from, Stream to, bool closes)
    {
        byte[] buffer = new byte[65536];
        try
        {
            for (int got; (got = from.Read(buffer, 0, buffer.Length)) > 0; )
            {
                to.Write(buffer, 0, got);
                to.Flush();
            }
        }
        catch (IOException)
        {
            // The reader has gone, as in `posthorn queue list | more`.
        }
        finally
        {
            if (closes) try { to.Close(); } catch (IOException) { }
        }
    }
}
