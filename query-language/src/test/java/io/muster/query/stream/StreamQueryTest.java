package io.muster.query.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.muster.query.kernel.Expression;
import io.muster.query.kernel.QueryException;
import io.muster.query.kernel.ScalarFunction;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Refuses queries that can't run, with the place and the remedy; checks how far back others reach. */
class StreamQueryTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    SELECT                                                     | 1:7  | Unexpected end of the query
                    SELECT a FROM                                              | 1:14 | Unexpected end of the query
                    SELECT a FROM t ORDER BY a                                 | 1:17 | A stream has no ORDER BY
                    SELECT 1e400 FROM t                                        | 1:8  | beyond what a float can hold
                    SELECT a FROM t WHERE a > -1e400                           | 1:28 | beyond what a float can hold
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(day, 9999999999999999) | 1:53 | A window of that length is too long
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(day, x)     | 1:53 | Write a number here
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(day, 1.5)   | 1:53 | Write a whole number here
                    SELECT TOP 3 a FROM t                                      | 1:8  | write CollectTop(n)
                    SELECT COUNT(*) FROM t                                     | 1:8  | GROUP BY
                    SELECT k FROM t GROUP BY k                                 | 1:17 | add a window to GROUP BY
                    SELECT v FROM t GROUP BY k, TumblingWindow(second, 1)      | 1:8  | add it to GROUP BY, or write MAX(v)
                    SELECT * FROM t GROUP BY TumblingWindow(second, 1)         | 1:8  | instead of *
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(second)     | 1:33 | Write TumblingWindow(second, 10)
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(month, 1)   | 1:48 | has no fixed length
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(parsec, 1)  | 1:48 | is no unit of time
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(day, 8)     | 1:33 | up to 7 days
                    SELECT COUNT(*) FROM t GROUP BY HoppingWindow(second, 1, 2) | 1:33 | hops by no more than its size
                    SELECT COUNT(*) FROM t GROUP BY HoppingWindow(millisecond, 604800000, 1) | 1:33 | in more than 100000 windows
                    SELECT 1 FROM t GROUP BY TumblingWindow(second, 1), SnapshotWindow() | 1:53 | takes one window
                    SELECT f(1) FROM t                                         | 1:8  | There is no function 'f'
                    SELECT UDF.f(1) FROM t                                     | 1:8  | add it to the functions of the job
                    SELECT UDA.f(1) FROM t                                     | 1:8  | no aggregates of users
                    SELECT UDF.One(1) FROM t                                   | 1:8  | takes 0 arguments, not 1
                    SELECT LEN() FROM t                                        | 1:8  | takes 1 argument, not 0
                    SELECT CAST(a AS money) FROM t                             | 1:18 | use bigint, float, nvarchar
                    SELECT a, a FROM t                                         | 1:11 | write AS and another name
                    SELECT * FROM t a JOIN t b ON DATEDIFF(day, a, b) BETWEEN 0 AND 1 | 1:8 | name the columns
                    SELECT a.k FROM t a JOIN t b ON a.k = b.k                  | 1:33 | DATEDIFF(second, a, b) BETWEEN 0 AND 10
                    SELECT k FROM t a JOIN t b ON DATEDIFF(day, a, b) BETWEEN 0 AND 1 | 1:8 | Of which source is the column 'k'? Write a.k
                    SELECT a.k FROM t a JOIN t b ON DATEDIFF(day, a, b) BETWEEN 0 AND 8 | 1:67 | up to 7 days
                    SELECT a.k FROM t a JOIN t a ON 1 = 1                      | 1:26 | Two sources are called 'a'
                    SELECT a.k FROM t a JOIN r b ON b.k > 1                    | 1:21 | joined by an equality of columns
                    SELECT a FROM t HAVING a > 1                               | 1:17 | write WHERE
                    SELECT COUNT(*) FROM t PARTITION BY k GROUP BY j, TumblingWindow(second, 1) | 1:37 | add k to GROUP BY
                    SELECT a.k FROM t a PARTITION BY k JOIN t b PARTITION BY k ON a.j = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1 | 1:34 | add the equality of k to ON
                    SELECT LAG(a) FROM t                                       | 1:8  | LIMIT DURATION(second, 10)
                    SELECT LAG(a, 0) OVER (LIMIT DURATION(second, 1)) FROM t   | 1:15 | LAG reaches back by 1 to 1000 rows
                    SELECT LAG(a, 1001) OVER (LIMIT DURATION(second, 1)) FROM t | 1:15 | LAG reaches back by 1 to 1000 rows
                    SELECT LAG(a) OVER (LIMIT HOURS(second, 1)) FROM t         | 1:27 | Write LIMIT DURATION(second, 10)
                    SELECT LAG(LAG(a) OVER (LIMIT DURATION(second, 1))) OVER (LIMIT DURATION(second, 1)) FROM t | 1:12 | 'LAG' has no place inside of another analytic function: take it into a step of WITH
                    SELECT ISFIRST(second) FROM t                              | 1:8  | Write ISFIRST(second, 10)
                    SELECT ISFIRST(second, 10) OVER (LIMIT DURATION(second, 10)) FROM t | 1:34 | 'ISFIRST' takes no LIMIT here: put its interval first, as in ISFIRST(second, 10)
                    SELECT SUM(a, b) FROM t GROUP BY TumblingWindow(second, 1) | 1:8  | 'SUM' takes one argument
                    SELECT SUM(a) OVER (PARTITION BY k) FROM t GROUP BY TumblingWindow(second, 1) | 1:15 | OVER behind an aggregate has a LIMIT DURATION(second, 10)
                    SELECT TopOne() FROM t GROUP BY TumblingWindow(second, 1)  | 1:8  | Write TopOne() or CollectTop(3) OVER (ORDER BY column DESC), or with a value: TopOne(a.x), CollectTop(3, a.x)
                    SELECT CollectTop(0) OVER (ORDER BY a) FROM t GROUP BY TumblingWindow(second, 1) | 1:8 | CollectTop takes a number from 1 to 1000
                    SELECT CollectTop(1001) OVER (ORDER BY a) FROM t GROUP BY TumblingWindow(second, 1) | 1:8 | CollectTop takes a number from 1 to 1000
                    SELECT TopOne() OVER (PARTITION BY k ORDER BY a) FROM t GROUP BY TumblingWindow(second, 1) | 1:23 | name keys in GROUP BY and conditions in WHERE, or add LIMIT DURATION(second, 10)
                    WITH s AS (SELECT a INTO o FROM t) SELECT a FROM s         | 1:21 | A step of WITH has no INTO
                    WITH s AS (SELECT a FROM t) SELECT a FROM s TIMESTAMP BY a | 1:45 | belongs to a stream input: remove it from
                    WITH t AS (SELECT a FROM t) SELECT a FROM t                | 1:6  | is an input that a step reads
                    SELECT a FROM t TIMESTAMP BY x OVER k + 1                  | 1:37 | OVER takes columns
                    SELECT a.k FROM t a TIMESTAMP BY x OVER k JOIN u b ON a.k = b.k AND DATEDIFF(day, a, b) BETWEEN 0 AND 1 | 1:48 | none has OVER
                    SELECT a.k FROM t a TIMESTAMP BY x OVER k JOIN u b TIMESTAMP BY x OVER j ON a.k = b.k AND DATEDIFF(day, a, b) BETWEEN 0 AND 1 | 1:43 | add the equality of the columns of OVER to ON
                    SELECT a.k FROM t a TIMESTAMP BY x OVER k JOIN r b ON a.k = b.k | 1:43 | Reference data and substreams
                    SELECT COUNT(*) FROM t TIMESTAMP BY x OVER k GROUP BY TumblingWindow(second, 1) | 1:46 | add k to GROUP BY
                    SELECT k FROM t TIMESTAMP BY x OVER k GROUP BY k, SessionWindow(second, 1, 2) OVER (PARTITION BY j) | 1:39 | add k to PARTITION BY of a SessionWindow
                    SELECT LAG(a) OVER (LIMIT DURATION(day, 1)) FROM t TIMESTAMP BY x OVER k | 1:1 | add k to PARTITION BY of each LAG
                    WITH s AS (SELECT a FROM t TIMESTAMP BY x OVER k) SELECT COUNT(*) FROM s GROUP BY a, TumblingWindow(second, 1) | 1:74 | to what the step selects
                    WITH s AS (SELECT k AS i, j AS k FROM t TIMESTAMP BY x OVER k UNION SELECT j AS i, k FROM t TIMESTAMP BY x OVER k) SELECT COUNT(*) FROM s GROUP BY k, TumblingWindow(second, 1) | 1:139 | to what the step selects
                    SELECT a INTO o FROM t TIMESTAMP BY x SELECT a INTO p FROM t | 1:60 | the same TIMESTAMP BY
                    SELECT a FROM t WHERE a LIKE '[z-a]'                       | 1:30 | The pattern of LIKE is wrong
                    SELECT 'open FROM t                                        | 1:8  | has no end: close it with '
                    SELECT a FROM [t                                           | 1:15 | close it with ]
                    SELECT a & 1 FROM t                                        | 1:10 | There are no bit operators
                    SELECT ~a FROM t                                           | 1:8  | There are no bit operators
                    CREATE TABLE t (a bigint)                                  | 1:1  | CREATE isn't supported: the type of a column is what comes
                    SELECT a FROM t MATCH_RECOGNIZE (LIMIT DURATION(minute, 1)) | 1:33 | MATCH_RECOGNIZE isn't supported
                    SELECT DISTINCT a FROM t                                   | 1:8  | There is no SELECT DISTINCT
                    SELECT a FROM t WHERE a LIKE 'x!%' ESCAPE '!'              | 1:36 | LIKE has no ESCAPE
                    SELECT a FROM (SELECT a FROM t)                            | 1:15 | write the part in brackets as a step of WITH
                    SELECT a FROM t WHERE a IN (SELECT b FROM u)               | 1:29 | There are no sub-queries
                    SELECT a.k FROM t a RIGHT JOIN u b ON a.k = b.k            | 1:21 | JOIN and LEFT JOIN only
                    SELECT t.k FROM t RIGHT JOIN u b ON t.k = b.k              | 1:19 | JOIN and LEFT JOIN only
                    SELECT CAST(a AS decimal(10, 2)) FROM t                    | 1:28 | A type has no scale
                    SELECT order FROM t                                        | 1:8  | 'order' is a keyword: write [order]
                    SELECT a FROM t INTO o                                     | 1:17 | INTO belongs between the columns and FROM
                    SELECT a FROM t PARTITION BY a, b                          | 1:31 | PARTITION BY takes one column
                    SELECT a FROM t WHERE a !< 3                               | 1:25 | Write >= for !<
                    SELECT a FROM t EXCEPT SELECT a FROM u                     | 1:17 | put together with UNION
                    SELECT a b c FROM t                                        | 1:12 | 'c' has no place here: a query is
                    SELECT v > 3 AS big FROM t                                 | 1:8  | A condition is no value: write CASE WHEN
                    SELECT LEN(a = 'x') FROM t                                 | 1:12 | A condition is no value
                    SELECT a FROM t WHERE (a > 1) = 1                          | 1:23 | A condition is no value
                    SELECT a AS b FROM t WHERE c > 1 GROUP BY b, TumblingWindow(second, 1) | 1:43 | 'b' is what the select calls a,
                    SELECT COUNT(DISTINCT k) OVER (LIMIT DURATION(second, 10)) FROM t | 1:8 | COUNT(DISTINCT …) has no OVER
                    SELECT COUNT(*) FROM t GROUP BY DATEPART(minute, System.Timestamp()) | 1:24 | add a window to GROUP BY
                    SELECT a FROM t TIMESTAMP BY System.Timestamp()            | 1:30 | is what TIMESTAMP BY makes
                    SELECT a FROM t TIMESTAMP BY System.Timestamp              | 1:30 | is what TIMESTAMP BY makes
                    SELECT COUNT(*) FROM t GROUP BY Windows(Window('a', TumblingWindow(second, 1)), Window('A', TumblingWindow(second, 2))) | 1:81 | Two windows are called 'A'
                    SELECT a.k FROM t a JOIN r b ON a.k = b.k AND DATEDIFF(minute, a, b) BETWEEN 0 AND 1 | 1:47 | Reference data have no time
                    SELECT a.k FROM t a JOIN u b ON DATEDIFF(second, a, b) >= 0 | 1:33 | DATEDIFF(second, a, b) BETWEEN 0 AND 10
                    SELECT a.k FROM t a JOIN u b ON a.k = b.k OR DATEDIFF(second, a, b) BETWEEN 0 AND 1 | 1:33 | DATEDIFF(second, a, b) BETWEEN 0 AND 10
                    WITH s AS (SELECT k FROM r) SELECT a.k FROM t a JOIN s ON a.k = s.k | 1:26 | join the input itself to it, such as JOIN r b
                    SELECT * FROM r                                            | 1:15 | Reference data are no stream
                    SELECT a.k FROM r a JOIN t b ON a.k = b.k                  | 1:17 | Reference data are no stream
                    SELECT CASE WHEN a = 1 THEN 2 END FROM t                   | 1:8  | write ELSE NULL END
                    SELECT CAST(a AS int) FROM t                               | 1:18 | 'int' is no type: use bigint
                    SELECT CAST(a AS string) FROM t                            | 1:18 | 'string' is no type
                    SELECT LAG(LAG(a) OVER (LIMIT DURATION(second, 1))) OVER (LIMIT DURATION(second, 1)) FROM t | 1:12 | no place inside of another analytic function
                    SELECT SUM(a) OVER (LIMIT DURATION(second, 1) WHEN ISFIRST(second, 1) = 1) FROM t | 1:52 | no place inside of another analytic function
                    SELECT Location.*, a FROM t                                | 1:8  | * of a record isn't supported: name its members, such as Location.x
                    SELECT a, b FROM t UNION SELECT a, c FROM u                | 1:26 | have the same columns: a, b; not a, c
                    SELECT s.k FROM s JOIN r ON s.k = r.k JOIN u ON DATEDIFF(second, r, u) BETWEEN 0 AND 5 | 1:49 | Reference data have no time
                    SELECT DATEDIFF(minute, s, r) AS age FROM s JOIN r ON s.k = r.k | 1:8 | Reference data have no time
                    SELECT s.k FROM s JOIN r b ON s.k = b.k WHERE DATEDIFF(minute, b, s) < 5 | 1:47 | Reference data have no time
                    SELECT AVG(DATEDIFF(minute, s, r)) AS age FROM s JOIN r ON s.k = r.k GROUP BY TumblingWindow(second, 1) | 1:12 | Reference data have no time
                    SELECT temp * 2 AS double FROM t WHERE double > 20          | 1:40 | 'double' is what the select calls temp * 2
                    SELECT k, COUNT(*) AS n FROM t a WHERE n > 3 GROUP BY k, TumblingWindow(second, 10) | 1:40 | write HAVING, a step of WITH, or a.n for a column of the input
                    SELECT MAX(a) AS m FROM t GROUP BY m, TumblingWindow(second, 1) | 1:36 | 'm' is what the select calls MAX(a)
                    SELECT N = COUNT(*) FROM t WHERE k = 1 AND (n + 1) * 2 > 3 GROUP BY TumblingWindow(second, 1) | 1:45 | 'n' is what the select calls COUNT(*)
                    SELECT LAG(a) OVER (LIMIT DURATION(second, 1)) AS before FROM t WHERE before > 3 | 1:71 | 'before' is what the select calls LAG(a)
                    SELECT b.v + 1 AS w FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 WHERE w > 3 | 1:101 | 'w' is what the select calls b.v + 1
                    SELECT UPPER(k) AS u, COUNT(*) AS n FROM t GROUP BY SessionWindow(second, 1, 2) OVER (PARTITION BY u) | 1:100 | 'u' is what the select calls UPPER(k)
                    SELECT TopOne() OVER (PARTITION BY k ORDER BY v) FROM t GROUP BY TumblingWindow(second, 1) | 1:23 | 'TopOne' takes no PARTITION BY here
                    SELECT CollectTop(2) OVER (ORDER BY v WHEN v > 1) FROM t GROUP BY TumblingWindow(second, 1) | 1:39 | 'CollectTop' takes no WHEN here
                    SELECT PERCENTILE_CONT(0.5) OVER (PARTITION BY k ORDER BY v) FROM t GROUP BY TumblingWindow(second, 1) | 1:35 | 'PERCENTILE_CONT' takes no PARTITION BY here
                    SELECT SUM(a) OVER (ORDER BY b LIMIT DURATION(second, 1)) FROM t | 1:21 | 'SUM' takes no ORDER BY here
                    SELECT LAG(a) OVER (ORDER BY b LIMIT DURATION(second, 1)) FROM t | 1:21 | 'LAG' takes no ORDER BY here
                    SELECT ISFIRST(second, 1) OVER (LIMIT DURATION(second, 2)) FROM t | 1:33 | 'ISFIRST' takes no LIMIT here
                    SELECT LAG(DISTINCT a) OVER (LIMIT DURATION(second, 1)) FROM t | 1:12 | DISTINCT is allowed in COUNT only
                    SELECT TopOne(DISTINCT a) OVER (ORDER BY b) FROM t GROUP BY TumblingWindow(second, 1) | 1:15 | DISTINCT is allowed in COUNT only
                    SELECT k FROM t GROUP BY k, TumblingWindow(second, 10) OVER (PARTITION BY k) | 1:62 | 'TumblingWindow' takes no PARTITION BY here
                    SELECT k FROM t GROUP BY k, Windows(Window('a', HoppingWindow(second, 2, 1) OVER (PARTITION BY k))) | 1:83 | 'HoppingWindow' takes no PARTITION BY here
                    SELECT k FROM t GROUP BY k, SessionWindow(second, 5, 60) OVER (PARTITION BY k WHEN v > 1) | 1:79 | 'SessionWindow' takes no WHEN here
                    SELECT k FROM t GROUP BY k, SlidingWindow(second, 10, 5)    | 1:29 | 'SlidingWindow' takes no offset
                    SELECT k FROM t GROUP BY k, SlidingWindow(Duration(second, 10), Offset(second, 5)) | 1:29 | 'SlidingWindow' takes no offset
                    SELECT k FROM t GROUP BY k, SessionWindow(second, 5, 60, 3) | 1:29 | 'SessionWindow' takes no offset
                    SELECT k FROM t GROUP BY k, SnapshotWindow(second, 5)       | 1:29 | 'SnapshotWindow' takes no arguments
                    SELECT System.Timestamp(5) FROM t                          | 1:8  | 'System.Timestamp' takes no arguments
                    SELECT CAST(a AS nvarchar(3)) FROM t                       | 1:18 | write nvarchar(max), and LEFT(x, 3) for a part of a text
                    SELECT TRY_CAST(a AS bigint(4)) FROM t                     | 1:22 | 'bigint' has no length: leave (4) out
                    SELECT CAST(a AS float(max)) FROM t                        | 1:18 | 'float' has no length: leave (max) out
                    SELECT AnomalyDetection_SpikeAndDip(a, 95, 120, 'spikesanddips') OVER (LIMIT DURATION(second, 120)) FROM t | 1:8 | 'AnomalyDetection_SpikeAndDip' isn't supported: compare with AVG and STDEV
                    SELECT k FROM t WHERE ST_WITHIN(a, CreatePoint(1, 2)) = 1   | 1:23 | 'ST_WITHIN' isn't supported: give a function (UDF) the coordinates
                    SELECT CreatePoint(1, 2) FROM t                            | 1:8  | 'CreatePoint' isn't supported
                    SELECT GetMetadataPropertyValue(t, 'EventId') FROM t        | 1:8  | 'GetMetadataPropertyValue' isn't supported: write the column
                    SELECT nope(a) OVER (LIMIT DURATION(second, 1)) FROM t     | 1:8  | There is no function 'nope'
                    SELECT LEN(a) OVER (LIMIT DURATION(second, 1)) FROM t      | 1:8  | 'LEN' takes plain arguments
                    SELECT t.Location.* FROM t                                 | 1:19 | * of a record isn't supported: name its members, such as t.Location.x
                    SELECT a, b.c.d.* FROM t                                   | 1:17 | * of a record isn't supported: name its members, such as b.c.d.x
                    SELECT a AS 'my text' FROM t                               | 1:13 | A name is no text: write [my text]
                    SELECT a INTO 'o' FROM t                                   | 1:15 | A name is no text: write [o]
                    SELECT a FROM 't'                                          | 1:15 | A name is no text: write [t]
                    SELECT a, A FROM t GROUP BY a, A, TumblingWindow(second, 1) | 1:32 | 'A' and 'a' differ in case only: group by one of them in a step of WITH
                    SELECT COUNT(*) FROM t GROUP BY UPPER(t.a), UPPER(t.A), TumblingWindow(second, 1) | 1:45 | differ in case only
                    SELECT COUNT(*) FROM t GROUP BY a, SessionWindow(second, 1, 2) OVER (PARTITION BY A) | 1:33 | differ in case only
                    SELECT a FROM t WHERE REGEXMATCH(a, '^x') | 1:23 | A value is no condition: compare it
                    SELECT a FROM t WHERE ISFIRST(second, 10) | 1:23 | A value is no condition
                    SELECT a FROM t WHERE flag | 1:23 | A value is no condition
                    SELECT a FROM t WHERE ((flag)) | 1:23 | A value is no condition
                    SELECT a FROM t WHERE NOT REGEXMATCH(a, '^x') | 1:27 | A value is no condition
                    SELECT a FROM t WHERE a = 1 AND flag | 1:33 | A value is no condition
                    SELECT a FROM t WHERE a = 1 OR (b = 2 AND (flag)) | 1:43 | A value is no condition
                    SELECT a FROM t WHERE 1 OR a = 1 | 1:23 | A value is no condition
                    SELECT a FROM t WHERE CASE WHEN a = 1 THEN 1 ELSE 0 END | 1:23 | A value is no condition
                    SELECT CASE WHEN ISFIRST(second, 10) THEN 1 ELSE 0 END AS a FROM t | 1:18 | A value is no condition
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(second, 1) HAVING COUNT(*) | 1:66 | A value is no condition
                    SELECT a.k FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 AND b.active | 1:90 | A value is no condition
                    SELECT a.k FROM t a JOIN r b ON b.active | 1:33 | A value is no condition
                    SELECT LAG(a) OVER (LIMIT DURATION(second, 1) WHEN flag) FROM t | 1:52 | A value is no condition
                    SELECT ISFIRST(second, 1) OVER (WHEN flag + 1) FROM t | 1:38 | A value is no condition
                    SELECT LAG(a) OVER (LIMIT DURATION(second, -10)) FROM t | 1:27 | LIMIT DURATION is longer than 0 and up to 7 days
                    SELECT SUM(a) OVER (LIMIT DURATION(second, 0)) FROM t | 1:27 | LIMIT DURATION is longer than 0 and up to 7 days
                    SELECT LAST(a) OVER (LIMIT DURATION(hour, 169)) FROM t | 1:28 | LIMIT DURATION is longer than 0 and up to 7 days
                    SELECT LAG(a) OVER (LIMIT DURATION(day, 10000000)) FROM t | 1:27 | LIMIT DURATION is longer than 0 and up to 7 days
                    SELECT ISFIRST(day, 8) FROM t | 1:8 | The interval of ISFIRST is longer than 0 and up to 7 days
                    SELECT ISFIRST(day, 0) FROM t | 1:8 | The interval of ISFIRST is longer than 0 and up to 7 days
                    SELECT COUNT(*) FROM t GROUP BY Windows() | 1:33 | Windows takes Window('name', TumblingWindow(…))
                    SELECT COUNT(*) FROM t GROUP BY GetArrayElement(a, 0).x, getArrayElement(a, 0).X, TumblingWindow(second, 1) | 1:58 | differ in case only
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(Foo(second, 10)) | 1:33 | Write TumblingWindow(second, 10), or with Duration(second, 10)
                    SELECT COUNT(*) FROM t GROUP BY HoppingWindow(Duration(second, 10), Duration(second, 5)) | 1:33 | Write HoppingWindow(second, 10, 5), or with Duration(second, 10) and Hop(second, 5)
                    SELECT COUNT(*) FROM t GROUP BY SessionWindow(Duration(second, 5), Hop(second, 60)) | 1:33 | Write SessionWindow(second, 5, 60), or with Timeout(second, 5) and MaxDuration(second, 60)
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(second, 10).x | 1:33 | 'TumblingWindow' has no members
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(DISTINCT second, 10) | 1:33 | 'TumblingWindow' takes no DISTINCT
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(Duration(DISTINCT second, 10)) | 1:48 | 'Duration' takes no DISTINCT
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(Duration(second, 10).x) | 1:48 | 'Duration' has no members
                    SELECT COUNT(*) FROM t GROUP BY Windows(Window('a', TumblingWindow(second, 10).x)) | 1:53 | 'TumblingWindow' has no members
                    SELECT COUNT(*) FROM t GROUP BY Windows(Window('a', TumblingWindow(second, 10)).x) | 1:41 | 'Window' has no members
                    SELECT COUNT(*) FROM t GROUP BY Windows(Window('a', TumblingWindow(second, 10)) OVER (PARTITION BY k)) | 1:87 | 'Window' takes no PARTITION BY here
                    SELECT System.Timestamp().x FROM t | 1:8 | 'System.Timestamp' has no members
                    SELECT COUNT(*) FROM t GROUP BY System.Timestamp().x | 1:33 | 'System.Timestamp' has no members
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(second, -'x') | 1:56 | Write a number here
                    SELECT Make, CASE WHEN Make = "Make1" THEN "A" ELSE "B" END AS Dispatch_to_lane, System.TimeStamp() AS Time FROM Input TIMESTAMP BY Time | 1:31 | "Make1" in double quotes is a name: write 'Make1' for a text, or [Make1] for a column
                    WITH WAVehicle AS (SELECT * FROM t WHERE State = "WA") SELECT * FROM WAVehicle | 1:50 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t WHERE a IN ('x', "WA") | 1:34 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t WHERE a LIKE "WA" | 1:30 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t WHERE "WA" BETWEEN 1 AND 2 | 1:23 | write 'WA' for a text, or [WA] for a column
                    SELECT UPPER("WA") AS a FROM t | 1:14 | write 'WA' for a text, or [WA] for a column
                    SELECT CAST("WA" AS bigint) AS a FROM t | 1:13 | write 'WA' for a text, or [WA] for a column
                    SELECT "WA" FROM t | 1:8 | write 'WA' for a text, or [WA] for a column
                    SELECT a + "WA" AS b FROM t | 1:12 | write 'WA' for a text, or [WA] for a column
                    SELECT COUNT(*) FROM t GROUP BY "WA", TumblingWindow(second, 1) | 1:33 | write 'WA' for a text, or [WA] for a column
                    SELECT COUNT(*) AS WA FROM t GROUP BY TumblingWindow(second, 1) HAVING "WA" > 1 | 1:72 | write 'WA' for a text, or [WA] for a column
                    SELECT LAG(a) OVER (PARTITION BY "WA" LIMIT DURATION(second, 1)) AS b FROM t | 1:34 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t TIMESTAMP BY "WA" | 1:30 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t TIMESTAMP BY x OVER "WA" | 1:37 | write 'WA' for a text, or [WA] for a column
                    SELECT a.k FROM t a JOIN u b ON a.k = "WA" AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 | 1:39 | write 'WA' for a text, or [WA] for a column
                    SELECT a.k FROM t a JOIN u "WA" ON DATEDIFF(second, a, "WA") BETWEEN 0 AND 1 | 1:56 | write 'WA' for a text, or [WA] for a column
                    SELECT e.ArrayValue FROM t CROSS APPLY GetArrayElements("WA") AS e | 1:57 | write 'WA' for a text, or [WA] for a column
                    SELECT a FROM t WHERE a = "it's" | 1:27 | write 'it''s' for a text
                    SELECT deviceId, temperature AS temp FROM t WHERE temp > 20 | 1:51 | 'temp' is what the select calls temperature, which WHERE and GROUP BY don't know: write temperature, or t.temp for a column of the input
                    SELECT a AS b FROM t WHERE b > 1 | 1:28 | 'b' is what the select calls a,
                    SELECT a AS b, COUNT(*) AS n FROM t GROUP BY b, TumblingWindow(second, 1) | 1:46 | 'b' is what the select calls a,
                    SELECT a.v AS w FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 WHERE w > 3 | 1:97 | 'w' is what the select calls a.v,
                    SELECT e.ArrayValue AS v FROM t CROSS APPLY GetArrayElements(a) AS e WHERE v > 3 | 1:76 | 'v' is what the select calls e.ArrayValue,
                    WITH s AS (SELECT a AS b FROM t) SELECT b AS c FROM s WHERE c > 1 | 1:61 | 'c' is what the select calls b,
                    SELECT System.Timestamp AS timestamp FROM t WHERE timestamp > '2026-01-01' | 1:51 | 'timestamp' is what the select calls System.Timestamp,
                    SELECT Input.temp FROM Input i | 1:8 | 'Input' is called i here: write i.temp, or i.Input.temp for a member of Input
                    SELECT i.temp FROM Input AS i WHERE INPUT.a.b > 3 | 1:37 | 'INPUT' is called i here: write i.a.b, or i.INPUT.a.b for a member of INPUT
                    SELECT a.k FROM t a JOIN u b ON t.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 | 1:33 | 't' is called a here: write a.k
                    SELECT a FROM Input i TIMESTAMP BY Input.time | 1:36 | 'Input' is called i here: write i.time
                    WITH s AS (SELECT a FROM t) SELECT s.a FROM s x | 1:36 | 's' is called x here: write x.a
                    SELECT e.id, e.ArrayValue AS v FROM t e CROSS APPLY GetArrayElements(e.a) AS E | 1:53 | Two sources are called 'E': write AS and another name
                    SELECT a FROM t CROSS APPLY GetArrayElements(a) CROSS APPLY GetArrayElements(b) | 1:61 | Two sources are called 'GetArrayElements': write AS and another name
                    SELECT [a.b] AS x, COUNT(*) AS n FROM t GROUP BY a.b, TumblingWindow(second, 10) | 1:8 | is neither in GROUP BY
                    SELECT LEN([a + b]) AS x FROM t GROUP BY LEN(a + b), TumblingWindow(second, 10) | 1:12 | is neither in GROUP BY
                    SELECT LEN([1]) AS x FROM t GROUP BY LEN(1), TumblingWindow(second, 10) | 1:12 | is neither in GROUP BY
                    SELECT COALESCE([null], a) AS x FROM t GROUP BY COALESCE(NULL, a), TumblingWindow(second, 10) | 1:17 | is neither in GROUP BY
                    """)
    void refuses(String text, String place, String what) {
        assertThatThrownBy(() -> StreamQuery.parse(text, Set.of("r"), Map.of("one", new ScalarFunction(0, 0, _ -> 1L))))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining(what)
                .hasMessageContaining("Line " + place + " ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT a AS b, b AS c FROM t WHERE b > 1",
                "SELECT Country AS Country FROM t WHERE Country = 'x'",
                "SELECT t.n AS n FROM t WHERE n > 1",
                "SELECT CAST(v AS float) AS v FROM t WHERE v > 1",
                "SELECT AVG(v) AS v FROM t WHERE v > 1 GROUP BY TumblingWindow(second, 1)",
                "SELECT MAX(v) AS most, COUNT(*) AS v FROM t WHERE v > 1 GROUP BY TumblingWindow(second, 1)",
                "SELECT 'alert' AS type, 1 AS n FROM t WHERE type = 'telemetry' AND n > 3",
                "SELECT System.Timestamp() AS time FROM t TIMESTAMP BY time WHERE time > '2026-01-01'",
                "SELECT COUNT(*) AS n FROM t WHERE t.n > 3 AND n < 5 GROUP BY TumblingWindow(second, 1)",
                "SELECT DATEPART(day, d) AS day FROM t WHERE DATEPART(day, d) > 3",
                "SELECT COUNT(*) AS second FROM t GROUP BY TumblingWindow(second, 1)",
                "SELECT a + 1 AS PartitionId FROM t WHERE partitionId = 1",
                "SELECT COUNT(*) AS n FROM t GROUP BY TumblingWindow(second, 1) HAVING n > 3",
                "WITH s AS (SELECT COUNT(*) AS n FROM t GROUP BY TumblingWindow(second, 1)) SELECT COUNT(*) AS N FROM s WHERE n > 3 GROUP BY TumblingWindow(minute, 1)",
                "SELECT COUNT(b) AS b FROM t a LEFT JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 WHERE b IS NULL GROUP BY TumblingWindow(second, 1)",
                "SELECT CAST(a AS nvarchar(max)) AS a, TRY_CAST(b AS NVARCHAR(MAX)) AS b FROM t",
                "SELECT TopOne(a) OVER (PARTITION BY k ORDER BY v LIMIT DURATION(second, 1) WHEN v > 1) AS a FROM t",
                "SELECT ISFIRST(second, 1) OVER (PARTITION BY k WHEN v > 1) AS a FROM t",
                "SELECT k FROM t GROUP BY HoppingWindow(Duration(second, 2), Hop(second, 1), Offset(millisecond, -1)), k",
                "SELECT k FROM t GROUP BY SessionWindow(second, 5, 60) OVER (PARTITION BY k)",
                "SELECT A FROM t GROUP BY a, t.a, [a], TumblingWindow(second, 1)",
                "SELECT COUNT(*) AS n FROM t GROUP BY a, SessionWindow(second, 1, 2) OVER (PARTITION BY t.a)",
                "SELECT a FROM t WHERE (a = 1)",
                "SELECT a FROM t WHERE NOT (a = 1)",
                "SELECT a FROM t WHERE NOT NOT ((a IS NULL)) OR (b = 2 AND (c LIKE 'x%'))",
                "SELECT a FROM t WHERE flag = 1 AND ISFIRST(second, 10) = 1",
                "SELECT a.k, COUNT(*) AS n FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 5 GROUP BY a.k, TumblingWindow(second, 10) HAVING n > 3",
                "SELECT LAG(a) OVER (LIMIT DURATION(day, 7)) AS b, ISFIRST(day, 7) AS c FROM t",
                "SELECT COUNT(*) AS n FROM t GROUP BY UPPER(k), SessionWindow(second, 1, 2) OVER (PARTITION BY upper(k))",
                "SELECT COUNT(*) AS n FROM t GROUP BY UPPER(T.a), UPPER(t.[a]), TumblingWindow(second, 1)",
                "SELECT COUNT(*) AS n FROM t GROUP BY t, T, TumblingWindow(second, 1)",
                "SELECT COUNT(*) AS n FROM t GROUP BY DATEPART(Day, d) + CAST(a AS BIGINT), datepart(day, d) + cast(a AS bigint), TumblingWindow(second, 1)",
                "SELECT COUNT(*) AS n FROM t GROUP BY DATEPART(day, System.Timestamp()), DATEPART(day, system.timestamp()), TumblingWindow(second, 1)",
                "SELECT a.k FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 JOIN v c ON DATEDIFF(second, a, c) >= 0 AND DATEDIFF(second, b, c) >= 0 AND DATEDIFF(second, a, c) <= 10",
                "SELECT a.k FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 JOIN v c ON DATEDIFF(second, b, c) >= 0 AND DATEDIFF(second, a, c) >= 0 AND DATEDIFF(second, a, c) <= 10",
                "SELECT a.k FROM t a JOIN u b ON a.k = b.k AND DATEDIFF(second, a, b) BETWEEN 0 AND 1 JOIN v c ON DATEDIFF(second, a, c) >= 0 AND DATEDIFF(second, a, c) <= 10 AND DATEDIFF(second, b, c) >= 0",
                "SELECT COUNT(*) AS n FROM t GROUP BY HoppingWindow(Hop(second, 5), Duration(second, 10), Offset(second, 1))",
                "SELECT COUNT(*) AS n FROM t GROUP BY SessionWindow(Timeout(second, 5), MaxDuration(minute, 1))",
                "SELECT COUNT(*) AS n FROM t GROUP BY SlidingWindow(Duration(second, 5))",
                "SELECT -'abc' AS x FROM t",
                "SELECT a AS \"x y\", t.\"x y\" AS b, \"t\".c AS c INTO \"o o\" FROM \"t\"",
                "SELECT a AS b, [b] AS c FROM t WHERE [b] > 1",
                "SELECT a AS b, c AS a FROM t WHERE t.b > 1 AND a > 1",
                "SELECT i.Input.temp, Input.a AS b FROM t i JOIN u Input ON i.k = Input.k AND DATEDIFF(second, i, Input) BETWEEN 0 AND 1",
                "SELECT Input FROM Input i",
                "SELECT LEN([a]) AS x, [b].c AS d FROM t GROUP BY LEN(a), b.[c], TumblingWindow(second, 10)",
            })
    void accepts(String text) {
        assertThatCode(() -> StreamQuery.parse(text, Set.of("r"))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    SELECT a FROM t                                                                              | 0
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(minute, 5)                                    | 300
                    SELECT COUNT(*) FROM t GROUP BY HoppingWindow(second, 60, 10)                                | 60
                    SELECT COUNT(*) FROM t GROUP BY SessionWindow(second, 5, 60)                                 | 120
                    SELECT COUNT(*) FROM t GROUP BY Windows(Window('a', TumblingWindow(second, 5)), Window('b', SlidingWindow(second, 7))) | 7
                    SELECT a.k FROM t a JOIN t b ON DATEDIFF(second, a, b) BETWEEN -30 AND 10                    | 31
                    SELECT a.k FROM t a LEFT JOIN t b ON DATEDIFF(second, a, b) BETWEEN -30 AND 10               | 42
                    SELECT a.k FROM t a LEFT JOIN t b ON DATEDIFF(second, a, b) BETWEEN -30 AND -10              | 32
                    SELECT a.k FROM t a LEFT JOIN t b ON DATEDIFF(second, a, b) BETWEEN 0 AND 10                 | 12
                    SELECT LAST(a) OVER (LIMIT DURATION(hour, 1)) AS x FROM t                                    | 3600
                    SELECT ISFIRST(second, 9) AS x FROM t                                                        | 9
                    WITH s AS (SELECT COUNT(*) AS n FROM t GROUP BY TumblingWindow(second, 5)) SELECT MAX(n) FROM s GROUP BY TumblingWindow(second, 20) | 25
                    SELECT SUM(LAG(a) OVER (LIMIT DURATION(second, 3))) FROM t GROUP BY TumblingWindow(second, 4) | 7
                    """)
    void computesTheLookBack(String text, long seconds) throws QueryException {
        StreamQuery query = StreamQuery.parse(text, Set.of());
        assertThat(query.lookBack()).isEqualTo(seconds * Ticks.SECOND);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    SELECT COUNT(*) FROM t GROUP BY k, TumblingWindow(second, 1)                                  | t: k
                    SELECT COUNT(*) FROM t GROUP BY LOWER(k), TumblingWindow(second, 1)                           | all
                    SELECT COUNT(*) FROM t GROUP BY TumblingWindow(second, 1)                                     | all
                    SELECT COUNT(*) INTO a FROM t GROUP BY k, j, SnapshotWindow() SELECT j INTO b FROM t GROUP BY j, SnapshotWindow() | t: j
                    SELECT COUNT(*) INTO a FROM t GROUP BY k, SnapshotWindow() SELECT j INTO b FROM t GROUP BY j, SnapshotWindow() | all
                    SELECT COUNT(*) FROM t x GROUP BY x.k, PartitionId, SessionWindow(second, 1, 2) OVER (PARTITION BY k) | t: k
                    SELECT COUNT(*) FROM t GROUP BY k, SessionWindow(second, 1, 2)                                | all
                    SELECT LAG(a) OVER (PARTITION BY j, k LIMIT DURATION(day, 1)) AS b FROM t                     | t: j, or k
                    SELECT LAG(a) OVER (LIMIT DURATION(day, 1)) AS b FROM t                                       | all
                    SELECT a.k FROM t a JOIN u b ON a.k = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1             | t: k; u: j
                    SELECT a.k FROM t a JOIN u b ON a.k > b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1             | all
                    SELECT b.j FROM t a JOIN u b ON a.k = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1 GROUP BY b.j, SnapshotWindow() | t: k; u: j
                    SELECT b.j FROM t a LEFT JOIN u b ON a.k = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1 GROUP BY b.j, SnapshotWindow() | all
                    SELECT a.x FROM t a JOIN t b ON a.k = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1             | all
                    SELECT a.x FROM t a JOIN t b ON a.k = b.k AND DATEDIFF(day, a, b) BETWEEN 0 AND 1             | t: k
                    SELECT a.x FROM t a JOIN r b ON a.k = b.j                                                     | t:
                    SELECT b.j FROM t a JOIN r b ON a.k = b.j GROUP BY b.j, SnapshotWindow()                      | all
                    SELECT a.k FROM t a JOIN r b ON a.k = b.j GROUP BY a.k, SnapshotWindow()                      | t: k
                    WITH s AS (SELECT k AS i FROM t UNION SELECT i FROM u) SELECT COUNT(*) FROM s GROUP BY i, SnapshotWindow() | t: k; u: i
                    WITH s AS (SELECT k AS i FROM t UNION SELECT 1 AS i FROM u) SELECT COUNT(*) FROM s GROUP BY i, SnapshotWindow() | all
                    WITH s AS (SELECT *, 1 AS one FROM t) SELECT COUNT(*) FROM s GROUP BY k, SnapshotWindow()     | t: k
                    WITH s AS (SELECT *, LOWER(k) FROM t) SELECT COUNT(*) FROM s GROUP BY lower, SnapshotWindow() | all
                    WITH s AS (SELECT k, COUNT(*) AS n FROM t GROUP BY k, TumblingWindow(second, 1)) SELECT MAX(n) FROM s GROUP BY k, TumblingWindow(minute, 1) | t: k
                    WITH s AS (SELECT k, COUNT(*) AS n FROM t GROUP BY k, TumblingWindow(second, 1)) SELECT n FROM s GROUP BY n, TumblingWindow(minute, 1) | all
                    SELECT e.ArrayValue FROM t CROSS APPLY GetArrayElements(x) AS e GROUP BY e.ArrayValue, SnapshotWindow() | all
                    SELECT COUNT(*) FROM t TIMESTAMP BY x OVER k, j GROUP BY i, j, k, SnapshotWindow()            | t: k, j
                    SELECT COUNT(*) INTO a FROM t GROUP BY [a.b], SnapshotWindow() SELECT COUNT(*) INTO b FROM t GROUP BY a.b, SnapshotWindow() | all
                    WITH s AS (SELECT k AS s FROM t) SELECT s, COUNT(*) AS n FROM s GROUP BY s, SnapshotWindow()  | t: k
                    """)
    void knowsWhatNeverMeets(String text, String by) throws QueryException {
        StreamQuery query = StreamQuery.parse(text, Set.of("r"));
        if (by.equals("all")) {
            assertThat(query.partitionKeys()).isEmpty();
            return;
        }
        Map<String, List<Expression>> partitionKeys = query.partitionKeys().orElseThrow();
        Map<String, List<String>> wanted = new TreeMap<>();
        for (String input : by.split("; ")) {
            String[] columns = input.split(":", 2);
            String keys = columns[1].replaceAll(", or .*", "").strip();
            wanted.put(columns[0], keys.isEmpty() ? List.of() : List.of(keys.split(", ")));
        }
        assertThat(partitionKeys.keySet()).isEqualTo(wanted.keySet());
        wanted.forEach((input, columns) -> assertThat(partitionKeys.get(input))
                .extracting(key -> key.evaluate(new Named()))
                .isEqualTo(columns));
    }

    /** Gives each member its own name as its value. */
    private record Named() implements StreamRow {
        @Override
        public long time() {
            return 0;
        }

        @Override
        public StreamRow part(int source) {
            return this;
        }

        @Override
        public Object computed(int place) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Map<String, Object> record() {
            return Map.of();
        }

        @Override
        public Object member(String name) {
            return name;
        }
    }

    /** Bounds the ways to share out that are tried. */
    @Test
    @Timeout(10)
    void compilesAQueryOfManyJoins() throws QueryException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            text.append("SELECT COUNT(*) INTO o FROM t").append(i).append(" GROUP BY a, b, SnapshotWindow() ");
        }
        text.append("SELECT COUNT(*) INTO o FROM t0 GROUP BY c, SnapshotWindow()");
        assertThat(StreamQuery.parse(text.toString(), Set.of()).partitionKeys()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT k, a FROM t TIMESTAMP BY x OVER k, j",
                "SELECT k, COUNT(*) AS n FROM t AS [a] TIMESTAMP BY x OVER a.k GROUP BY a.k, SessionWindow(second, 1, 2) OVER (PARTITION BY k)",
                "WITH s AS (SELECT *, 1 AS one FROM t TIMESTAMP BY x OVER d.k) SELECT COUNT(*) AS n FROM s GROUP BY d.k, TumblingWindow(second, 1)",
                "WITH s AS (SELECT b.j AS c FROM t a TIMESTAMP BY x OVER k JOIN u b TIMESTAMP BY x OVER j "
                        + "ON a.k = b.j AND DATEDIFF(day, a, b) BETWEEN 0 AND 1) SELECT MAX(c) AS m FROM s GROUP BY c, TumblingWindow(second, 1)",
                "SELECT LAG(a) OVER (PARTITION BY j, k LIMIT DURATION(day, 1)) AS b FROM t TIMESTAMP BY x OVER k",
            })
    void keepsSubstreamsSeparate(String text) throws QueryException {
        assertThat(StreamQuery.parse(text, Set.of("r")).hasSubstreams()).isTrue();
    }

    @Test
    void refusesANumberOfFourHundredDigits() {
        assertThatThrownBy(() -> StreamQuery.parse("SELECT " + "9".repeat(400) + " AS a FROM t", Set.of()))
                .isInstanceOf(QueryException.class)
                .hasMessageContaining("Line 1:8 ")
                .hasMessageContaining("beyond what a float can hold");
    }
}
