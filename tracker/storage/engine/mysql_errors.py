"""Error numbers of MySQL, MariaDB and Galera: what each means for the transaction that it hit.

A number listed nowhere here says nothing about the statement: other engines (Galera, Spider, Vitess, TiDB) have their
own numbers for a node that is away. So it is UNKNOWN: never the statement's fault, and at COMMIT, where only RETRY is a
promise, an unknown outcome.
"""

from __future__ import annotations

import peewee
import pymysql

from tracker.storage.engine.error_kinds import Conflict, ErrorKind, causes

DUPLICATE_KEY = frozenset({1062, 1586})
#: Rolled back, also when COMMIT fails with it.
RETRY = DUPLICATE_KEY | {1020, 1205, 1213, 3572}
#: The connection has ended, or leads to a node outside the cluster's quorum (1047) or one that could not finish (1180).
LOST = frozenset({
    0, 1047, 1053, 1152, 1158, 1159, 1160, 1161, 1180, 1927, 2002, 2003, 2006, 2013, 2014, 2055, 3024, 4031,
})  # fmt: skip
#: No space, no privilege, read-only, too many connections.
UNAVAILABLE = frozenset({
    3, 1021, 1023, 1030, 1036, 1037, 1040, 1041, 1044, 1045, 1049, 1114, 1129, 1130, 1142, 1143, 1203, 1206, 1226, 1290,
    1792, 1836,
})  # fmt: skip
#: Values that a column or a function does not accept.
DATA = frozenset({
    139, 1048, 1118, 1138, 1153, 1162, 1230, 1263, 1264, 1265, 1267, 1292, 1300, 1301, 1364, 1365, 1366, 1367, 1406,
    1411, 1425, 1426, 1441, 1451, 1452, 1216, 1217, 1525, 1557, 1690, 1761, 1762, 3140, 3141, 3143, 3144, 3147, 3155,
    3156, 3157, 3819, 3988, 4025, 4038,
})  # fmt: skip
#: Statements that no server would run as they are: a fault of Tracker. 1197 is a group too large for the binary log.
STATEMENT = frozenset({
    1050, 1051, 1052, 1054, 1055, 1056, 1060, 1061, 1064, 1066, 1068, 1072, 1091, 1093, 1110, 1111, 1136, 1140, 1146,
    1149, 1166, 1171, 1176, 1179, 1197, 1210, 1221, 1222, 1235, 1241, 1242, 1247, 1248, 1305, 1318, 1582, 1583,
})  # fmt: skip
PERMANENT = DATA | STATEMENT

#: Errors of the driver without a number: a value or call of Tracker, or bytes that the driver cannot parse.
_OWN_FAULTS = (pymysql.ProgrammingError, pymysql.DataError, pymysql.NotSupportedError,
            peewee.ProgrammingError, peewee.DataError, peewee.NotSupportedError)  # fmt: skip


def error_kind(failure: BaseException) -> ErrorKind:
    """Return what a failure means outside COMMIT: the first of its causes that decides."""
    for cause in causes(failure):
        if isinstance(cause, Conflict):
            return ErrorKind.RETRY
        if isinstance(cause, (OSError, EOFError)):
            return ErrorKind.LOST
        if isinstance(cause, (pymysql.MySQLError, peewee.PeeweeException)) and cause.args:
            return _kind_of(cause)
    return ErrorKind.PERMANENT


def has_rolled_back(failure: BaseException) -> bool:
    """Return whether a COMMIT that failed with this error has certainly stored nothing. Its causes say nothing about that."""
    return isinstance(failure, pymysql.MySQLError) and not RETRY.isdisjoint(failure.args[:1])


def is_duplicate_key(failure: BaseException) -> bool:
    return any(cause.args and cause.args[0] in DUPLICATE_KEY for cause in causes(failure))


def is_missing_table(failure: BaseException) -> bool:
    return any(cause.args and cause.args[0] == 1146 for cause in causes(failure))


def _kind_of(failure: BaseException) -> ErrorKind:
    number = failure.args[0]
    if not isinstance(number, int):
        return ErrorKind.PERMANENT if isinstance(failure, _OWN_FAULTS) else ErrorKind.LOST
    if number in RETRY:
        return ErrorKind.RETRY
    if number in LOST or isinstance(failure, (pymysql.InterfaceError, peewee.InterfaceError)):
        return ErrorKind.LOST
    if number in PERMANENT:
        return ErrorKind.PERMANENT
    return ErrorKind.UNAVAILABLE if number in UNAVAILABLE else ErrorKind.UNKNOWN
