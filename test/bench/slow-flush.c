/*
 * Preloaded into a program, it makes each flush to disk take SLOW_FLUSH_US microseconds longer: most disks are slower than the
 * one a developer has. Each process is delayed by itself; none waits for another's flush.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void linger(void)
{
	const char *said = getenv("SLOW_FLUSH_US");
	long us = said ? atol(said) : 0;
	struct timespec left = { us / 1000000, us % 1000000 * 1000 };

	while (us > 0 && nanosleep(&left, &left) != 0)
		;
}

#define SLOWED(name)                                                         \
	int name(int file)                                                   \
	{                                                                    \
		static int (*original)(int);                                 \
		if (!original)                                               \
			original = (int (*)(int))dlsym(RTLD_NEXT, #name);    \
		linger();                                                    \
		return original(file);                                       \
	}

SLOWED(fsync)
SLOWED(fdatasync)
