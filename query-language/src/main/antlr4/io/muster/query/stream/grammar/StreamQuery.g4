// The dialect of Stream Analytics: standing queries over streams. Contract: stream-analytics, 4.5.
grammar StreamQuery;

import Logic, Arithmetic;

options { caseInsensitive = true; }

script : (WITH step (',' step)*)? union+ EOF ;
step   : name AS '(' union ')' ;
union  : select (UNION ALL? select)* ';'? ;

select
    : SELECT (TOP INTEGER)? item (',' item)*
      (INTO name)?
      FROM source join*
      (WHERE or)?
      (GROUP BY or (',' or)*)?
      (HAVING or)?
    ;
item   : STAR | name '.' STAR | name EQ or | or (AS? name)? ;
source : name (AS? name)? (timestamp | partition)* ;
timestamp : TIMESTAMP BY or (OVER or (',' or)*)? ;
partition : PARTITION BY path ;
join
    : (INNER | LEFT OUTER?)? JOIN source ON or                    # joined
    | (CROSS | OUTER) APPLY function '(' or ')' (AS? name)?       # applied
    ;

predicate
    : sum                                                         # plain
    | sum op=(EQ | NE | LT | LE | GT | GE) sum                    # compare
    | sum IS NOT? NULL                                            # nullness
    | sum NOT? IN '(' or (',' or)* ')'                            # among
    | sum NOT? BETWEEN sum AND sum                                # between
    | sum NOT? LIKE sum                                           # like
    ;

primary
    : literal                                                     # constant
    | CASE or? (WHEN or THEN or)+ (ELSE or)? END                  # choice
    | (CAST | TRY_CAST) '(' or AS name ('(' (name | INTEGER) ')')? ')'  # cast
    | function '(' (STAR | DISTINCT? or (',' or)*)? ')' over? ('.' name)*  # call
    | path                                                        # column
    | '(' or ')'                                                  # grouped
    ;
function : name ('.' name)* | LEFT ;
over    : OVER '(' (PARTITION BY or (',' or)*)? (ORDER BY order (',' order)*)? (LIMIT function '(' or ',' or ')')? (WHEN or)? ')' ;
order   : or (ASC | DESC)? ;

path    : name ('.' name)* ;
name
    : IDENTIFIER | QUOTED_NAME | TOP | ALL | TIMESTAMP | PARTITION | LIMIT | APPLY | OUTER | ASC | DESC | END
    ;
literal : INTEGER | DECIMAL | TEXT | NULL ;

WITH : 'WITH' ; AS : 'AS' ; SELECT : 'SELECT' ; TOP : 'TOP' ; INTO : 'INTO' ; FROM : 'FROM' ; WHERE : 'WHERE' ;
GROUP : 'GROUP' ; BY : 'BY' ; HAVING : 'HAVING' ; UNION : 'UNION' ; ALL : 'ALL' ; ORDER : 'ORDER' ; ASC : 'ASC' ; DESC : 'DESC' ;
TIMESTAMP : 'TIMESTAMP' ; OVER : 'OVER' ; PARTITION : 'PARTITION' ; LIMIT : 'LIMIT' ;
INNER : 'INNER' ; LEFT : 'LEFT' ; OUTER : 'OUTER' ; CROSS : 'CROSS' ; JOIN : 'JOIN' ; APPLY : 'APPLY' ; ON : 'ON' ;
OR : 'OR' ; AND : 'AND' ; NOT : 'NOT' ; IS : 'IS' ; NULL : 'NULL' ; IN : 'IN' ; BETWEEN : 'BETWEEN' ; LIKE : 'LIKE' ;
CASE : 'CASE' ; WHEN : 'WHEN' ; THEN : 'THEN' ; ELSE : 'ELSE' ; END : 'END' ; CAST : 'CAST' ; TRY_CAST : 'TRY_CAST' ;
DISTINCT : 'DISTINCT' ;

EQ : '=' ; NE : '!=' | '<>' ; LE : '<=' ; LT : '<' ; GE : '>=' ; GT : '>' ;
PLUS : '+' ; MINUS : '-' ; STAR : '*' ; SLASH : '/' ; PERCENT : '%' ;

DECIMAL : [0-9]+ '.' [0-9]* EXPONENT? | '.' [0-9]+ EXPONENT? | [0-9]+ EXPONENT ;
INTEGER : [0-9]+ ;
fragment EXPONENT : 'E' [+-]? [0-9]+ ;
TEXT    : 'N'? '\'' ( '\'\'' | ~['] )* '\'' ;

QUOTED_NAME : '[' ~[\]]+ ']' | '"' ~["]+ '"' ;
IDENTIFIER  : [A-Z_@#] [A-Z0-9_@#$]* ;

COMMENT : ('--' ~[\r\n]* | '/*' .*? '*/') -> skip ;
BLANK   : [ \t\r\n]+ -> skip ;
UNKNOWN : . ;
