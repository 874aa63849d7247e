/*
 * Preloaded into a program, it keeps in the folder FLUSH_IMAGE what a disk would surely hold after a power cut: of each database file
 * its bytes as they were when the last flush began that has ended. Each flush takes SLOW_FLUSH_US microseconds longer. While the file
 * FLUSH_FAULT exists, a flush of a log fails as on a broken disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long begun, newest[2];

static void linger(void)
{
	const char *said = getenv("SLOW_FLUSH_US");
	long us = said ? atol(said) : 0;
	struct timespec left = { us / 1000000, us % 1000000 * 1000 };

	while (us > 0 && nanosleep(&left, &left) != 0)
		;
}

/* Reads through the handle of the program: closing another one would take its locks away. */
static void copy(int from, const char *to)
{
	char bytes[1 << 14];
	int file = open(to, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	off_t at = 0;
	ssize_t got;

	while (file >= 0 && (got = pread(from, bytes, sizeof bytes, at)) > 0) {
		if (write(file, bytes, got) != got)
			abort();
		at += got;
	}
	if (file < 0 || close(file) != 0)
		abort();
}

static int flush(int file, const char *name)
{
	int (*original)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *folder = getenv("FLUSH_IMAGE"), *fault = getenv("FLUSH_FAULT"), *base;
	char link[64], path[4096], image[4096 + 64], temporary[4096 + 64];
	ssize_t length;
	long turn;
	int is_log, ended;

	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	length = readlink(link, path, sizeof path - 1);
	path[length > 0 ? length : 0] = 0;
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	is_log = strcmp(base, "mail.db-wal") == 0;
	if (is_log && fault && access(fault, F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	if (!folder || (!is_log && strcmp(base, "mail.db") != 0))
		return original(file);
	turn = __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);
	snprintf(image, sizeof image, "%s/%s", folder, base);
	snprintf(temporary, sizeof temporary, "%s.%ld", image, turn);
	copy(file, temporary);
	linger();
	ended = original(file);
	pthread_mutex_lock(&lock);
	if (ended == 0 && turn > newest[is_log]) {
		newest[is_log] = turn;
		if (rename(temporary, image) != 0)
			abort();
	} else
		unlink(temporary);
	pthread_mutex_unlock(&lock);
	return ended;
}

int fsync(int file)
{
	return flush(file, "fsync");
}

int fdatasync(int file)
{
	return flush(file, "fdatasync");
}
