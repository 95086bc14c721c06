/* Extended attributes and ACLs. */
#include "posix.h"

CASE(xattr_set_get_list_remove) {
    OK(make_file("f", "", 0644));
    char got[100], list[200];
    EQ(listxattr("f", list, sizeof list), 0);
    FAILS(ENODATA, getxattr("f", "user.a", got, sizeof got));
    OK(setxattr("f", "user.a", "value", 5, 0));
    OK(setxattr("f", "user.empty", "", 0, 0));
    OK(setxattr("f", "trusted.b", "t", 1, 0));
    OK(setxattr("f", "security.c", "s", 1, 0));
    EQ(getxattr("f", "user.a", got, sizeof got), 5);
    TRUE(!memcmp(got, "value", 5));
    EQ(getxattr("f", "user.a", NULL, 0), 5);
    EQ(getxattr("f", "user.empty", got, sizeof got), 0);
    FAILS(ERANGE, getxattr("f", "user.a", got, 4));
    EQ(listxattr("f", NULL, 0), 7 + 11 + 10 + 11);
    EQ(listxattr("f", list, sizeof list), 39);
    FAILS(ERANGE, listxattr("f", list, 38));
    OK(removexattr("f", "user.a"));
    FAILS(ENODATA, removexattr("f", "user.a"));
    FAILS(ENODATA, getxattr("f", "user.a", got, sizeof got));
    AS(1001, 1001) {
        char own[100];
        FAILS(EPERM, setxattr("f", "trusted.x", "", 0, 0));
        FAILS(ENODATA, getxattr("f", "trusted.b", own, sizeof own));
        FAILS(EACCES, setxattr("f", "user.x", "", 0, 0));
    }
}

CASE(xattr_create_and_replace_flags) {
    OK(make_file("f", "", 0644));
    FAILS(ENODATA, setxattr("f", "user.a", "1", 1, XATTR_REPLACE));
    OK(setxattr("f", "user.a", "1", 1, XATTR_CREATE));
    FAILS(EEXIST, setxattr("f", "user.a", "2", 1, XATTR_CREATE));
    OK(setxattr("f", "user.a", "22", 2, XATTR_REPLACE));
    char got[10];
    EQ(getxattr("f", "user.a", got, sizeof got), 2);
    FAILS(EINVAL, setxattr("f", "user.a", "1", 1, 8));
}

CASE(xattr_limits) {
    OK(make_file("f", "", 0644));
    char name[300] = "user.", *value = malloc(65537), *got = malloc(65537);
    memset(name + 5, 'n', 250);
    name[255] = 0;
    OK(setxattr("f", name, "v", 1, 0));
    EQ(getxattr("f", name, got, 65536), 1);
    name[255] = 'n', name[256] = 0;
    FAILS(ERANGE, setxattr("f", name, "v", 1, 0));
    FAILS(ERANGE, setxattr("f", "", "v", 1, 0));
    TRUE(setxattr("f", "user.", "v", 1, 0) == -1 && errno == EINVAL);
    FAILS(EOPNOTSUPP, setxattr("f", "other.a", "v", 1, 0));
    if (strcmp(target, "scoutfs")) return; /* others hold less */
    int sizes[] = {1, 100, 4095, 4096, 4097, 60000, 65534, 65535};
    for (int i = 0; i < 8; i++) {
        pattern(value, sizes[i], i);
        OK(setxattr("f", "user.big", value, sizes[i], 0));
        EQ(getxattr("f", "user.big", got, 65537), sizes[i]);
        TRUE(!memcmp(got, value, sizes[i]));
    }
    for (int i = 7; i >= 0; i--) {
        OK(setxattr("f", "user.big", value, sizes[i], XATTR_REPLACE));
        EQ(getxattr("f", "user.big", got, 65537), sizes[i]);
    }
    FAILS(E2BIG, setxattr("f", "user.big", value, 65536, 0));
    FAILS(E2BIG, setxattr("f", "user.big", value, 65537, 0));
}

CASE(xattr_many_on_one_inode) {
    OK(make_file("f", "", 0644));
    int count = strcmp(target, "scoutfs") ? 20 : 300;
    char name[40], got[40], *list = malloc(65536);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "user.attribute-%d", i);
        OK(setxattr("f", name, name, strlen(name), 0));
    }
    for (int i = 0; i < count; i += 3) {
        snprintf(name, sizeof name, "user.attribute-%d", i);
        OK(removexattr("f", name));
    }
    ssize_t size = OK(listxattr("f", list, 65536));
    int seen = 0;
    for (char *at = list; at < list + size; at += strlen(at) + 1) {
        seen++;
        EQ(getxattr("f", at, got, sizeof got), strlen(at));
        TRUE(!memcmp(got, at, strlen(at)));
    }
    EQ(seen, count - (count + 2) / 3);
}

CASE(xattr_on_every_kind) {
    OK(mkdir("d", 0755));
    OK(symlink("d", "s"));
    OK(mkfifo("p", 0644));
    OK(setxattr("d", "user.a", "1", 1, 0));
    OK(setxattr("d", "trusted.a", "1", 1, 0));
    FAILS(EPERM, lsetxattr("s", "user.a", "1", 1, 0));
    OK(lsetxattr("s", "trusted.a", "1", 1, 0));
    FAILS(EPERM, setxattr("p", "user.a", "1", 1, 0));
    OK(setxattr("p", "trusted.a", "1", 1, 0));
    FAILS(ENOENT, setxattr("nothing", "user.a", "1", 1, 0));
    char got[10];
    EQ(lgetxattr("s", "trusted.a", got, sizeof got), 1);
}

CASE(xattr_goes_with_its_inode) {
    OK(make_file("f", "", 0644));
    OK(setxattr("f", "user.a", "1", 1, 0));
    OK(link("f", "g"));
    char got[10];
    EQ(getxattr("g", "user.a", got, sizeof got), 1);
    OK(unlink("f"));
    OK(make_file("f", "", 0644));
    FAILS(ENODATA, getxattr("f", "user.a", got, sizeof got));
}

struct acl_entry {
    uint16_t tag, permissions;
    uint32_t id;
} __attribute__((packed));

struct acl {
    uint32_t version;
    struct acl_entry entries[8];
} __attribute__((packed));

enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };

#define ACL_SIZE(count) (4 + 8 * (count))

CASE(acl_grants_and_mask_limits) {
    OK(make_file("f", "text", 0600));
    struct acl acl = {2, {{USER_OBJ, 6, -1}, {USER, 6, 1001}, {GROUP_OBJ, 0, -1}, {GROUP, 4, 2000}, {MASK, 6, -1}, {OTHER, 0, -1}}};
    OK(setxattr("f", "system.posix_acl_access", &acl, ACL_SIZE(6), 0));
    EQ(stat_of("f").st_mode & 07777, 0660); /* the mask shows as the group's bits */
    AS(1001, 1001) OK(open("f", O_RDWR));
    AS(1003, 2000) {
        OK(open("f", O_RDONLY));
        FAILS(EACCES, open("f", O_RDWR));
    }
    AS(1002, 1002) FAILS(EACCES, open("f", O_RDONLY));
    OK(chmod("f", 0640)); /* sets the mask */
    AS(1001, 1001) {
        OK(open("f", O_RDONLY));
        FAILS(EACCES, open("f", O_RDWR));
    }
    struct acl got;
    EQ(getxattr("f", "system.posix_acl_access", &got, sizeof got), ACL_SIZE(6));
    EQ(got.entries[4].permissions, 4);
    OK(removexattr("f", "system.posix_acl_access"));
    AS(1001, 1001) FAILS(EACCES, open("f", O_RDONLY));
}

CASE(acl_equal_to_a_mode_is_only_a_mode) {
    OK(make_file("f", "", 0600));
    struct acl acl = {2, {{USER_OBJ, 6, -1}, {GROUP_OBJ, 4, -1}, {OTHER, 4, -1}}};
    OK(setxattr("f", "system.posix_acl_access", &acl, ACL_SIZE(3), 0));
    EQ(stat_of("f").st_mode & 07777, 0644);
    FAILS(ENODATA, getxattr("f", "system.posix_acl_access", NULL, 0));
}

CASE(acl_default_is_inherited) {
    OK(mkdir("d", 0755));
    umask(077);
    struct acl acl = {2, {{USER_OBJ, 7, -1}, {USER, 7, 1001}, {GROUP_OBJ, 5, -1}, {MASK, 7, -1}, {OTHER, 5, -1}}};
    OK(setxattr("d", "system.posix_acl_default", &acl, ACL_SIZE(5), 0));
    OK(make_file("d/f", "", 0666));
    OK(mkdir("d/sub", 0777));
    struct acl got;
    EQ(getxattr("d/f", "system.posix_acl_access", &got, sizeof got), ACL_SIZE(5));
    EQ(stat_of("d/f").st_mode & 07777, 0664); /* the umask does not count where a default ACL is */
    EQ(got.entries[3].permissions, 6);
    FAILS(ENODATA, getxattr("d/f", "system.posix_acl_default", &got, sizeof got));
    EQ(getxattr("d/sub", "system.posix_acl_default", &got, sizeof got), ACL_SIZE(5));
    EQ(getxattr("d/sub", "system.posix_acl_access", &got, sizeof got), ACL_SIZE(5));
    EQ(stat_of("d/sub").st_mode & 07777, 0775);
    AS(1001, 1001) {
        OK(open("d/f", O_RDWR));
        OK(make_file("d/sub/mine", "", 0600));
    }
    OK(symlink("f", "d/s"));
    OK(removexattr("d", "system.posix_acl_default"));
    OK(make_file("d/g", "", 0666));
    EQ(stat_of("d/g").st_mode & 07777, 0600);
}

CASE(acl_wrong_ones_are_refused) {
    OK(make_file("f", "", 0600));
    struct acl version = {1, {{USER_OBJ, 6, -1}, {GROUP_OBJ, 4, -1}, {OTHER, 4, -1}}};
    TRUE(setxattr("f", "system.posix_acl_access", &version, ACL_SIZE(3), 0) == -1);
    TRUE(errno == EOPNOTSUPP || errno == EINVAL);
    struct acl no_mask = {2, {{USER_OBJ, 6, -1}, {USER, 6, 1001}, {GROUP_OBJ, 4, -1}, {OTHER, 4, -1}}};
    FAILS(EINVAL, setxattr("f", "system.posix_acl_access", &no_mask, ACL_SIZE(4), 0));
    struct acl good = {2, {{USER_OBJ, 6, -1}, {GROUP_OBJ, 4, -1}, {OTHER, 4, -1}}};
    TRUE(setxattr("f", "system.posix_acl_default", &good, ACL_SIZE(3), 0) == -1);
    TRUE(errno == EACCES || errno == EOPNOTSUPP);
    AS(1001, 1001) {
        struct acl own = {2, {{USER_OBJ, 6, -1}, {GROUP_OBJ, 6, -1}, {OTHER, 6, -1}}};
        FAILS(EPERM, setxattr("f", "system.posix_acl_access", &own, ACL_SIZE(3), 0));
    }
}
