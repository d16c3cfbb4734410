// The query language of IoT Hub over devices, modules and device jobs. Contract: iot-hub, 3.1.
grammar Query;

import Logic, Arithmetic;

// The condition of a job: the part behind WHERE, or with a source of its own.
condition
    : (FROM path WHERE)? (STAR | or) EOF
    ;

// A stray comma before FROM is tolerated.
query
    : SELECT (TOP INTEGER)? (STAR | item (',' item)* ','?)
      FROM path (AS? IDENTIFIER)?
      (WHERE (STAR | or))?
      (GROUP BY groups)? EOF
    ;
item   : (path | aggregate) (AS name)? ;
aggregate : IDENTIFIER '(' (STAR | path)? ')' ;
groups : path (',' path)* ;

predicate
    : sum                                                                  # plain
    | sum op=(EQ | NE | LT | LE | GT | GE) sum                             # compare
    | sum (negated=NOT IN | IN | negated=NIN) list                         # among
    ;

primary
    : literal                                    # constant
    | array                                      # arrayed
    | IDENTIFIER '(' (or (',' or)*)? ')'         # call
    | path                                       # member
    | '(' or ')'                                 # grouped
    ;

// Round brackets are a list only after IN; elsewhere they group.
list    : array | '(' element (',' element)* ')' ;
array   : '[' (element (',' element)*)? ']' ;
element : (PLUS | MINUS)? literal ;

path    : (IDENTIFIER | QUOTED_NAME) step* ;
step    : '.' name | '[' INTEGER ']' ;
name
    : IDENTIFIER | QUOTED_NAME | AND | OR | NOT | IN | NIN | FROM | WHERE | SELECT | TOP | AS | GROUP | BY | ORDER
    | TRUE | FALSE | NULL | UNDEFINED
    ;

literal : INTEGER | DECIMAL | HEX | TEXT | TRUE | FALSE | NULL | UNDEFINED ;

AND       : [Aa][Nn][Dd] ;
OR        : [Oo][Rr] ;
NOT       : [Nn][Oo][Tt] ;
IN        : [Ii][Nn] ;
NIN       : [Nn][Ii][Nn] ;
FROM      : [Ff][Rr][Oo][Mm] ;
WHERE     : [Ww][Hh][Ee][Rr][Ee] ;
SELECT    : [Ss][Ee][Ll][Ee][Cc][Tt] ;
TOP       : [Tt][Oo][Pp] ;
AS        : [Aa][Ss] ;
GROUP     : [Gg][Rr][Oo][Uu][Pp] ;
BY        : [Bb][Yy] ;
ORDER     : [Oo][Rr][Dd][Ee][Rr] ;
TRUE      : [Tt][Rr][Uu][Ee] ;
FALSE     : [Ff][Aa][Ll][Ss][Ee] ;
NULL      : [Nn][Uu][Ll][Ll] ;
UNDEFINED : [Uu][Nn][Dd][Ee][Ff][Ii][Nn][Ee][Dd] ;

EQ : '=' ; NE : '!=' | '<>' ; LE : '<=' ; LT : '<' ; GE : '>=' ; GT : '>' ;
PLUS : '+' ; MINUS : '-' ; STAR : '*' ; SLASH : '/' ; PERCENT : '%' ;

HEX     : '0' [xX] [0-9A-Fa-f]+ ;
DECIMAL : [0-9]+ '.' [0-9]+ EXPONENT? | [0-9]+ EXPONENT ;
INTEGER : [0-9]+ ;
fragment EXPONENT : [eE] [+-]? [0-9]+ ;

TEXT    : '\'' ( ESCAPE | ~['\\] )* '\'' | '"' ( ESCAPE | ~["\\] )* '"' ;
fragment ESCAPE : '\\' ( ['"\\/bfnrt] | 'u' [0-9A-Fa-f] [0-9A-Fa-f] [0-9A-Fa-f] [0-9A-Fa-f] ) ;

QUOTED_NAME : '[[' ~[\]]+ ']]' ;
// A hyphen belongs to a name when no blank stands beside it.
IDENTIFIER  : [A-Za-z_$] [A-Za-z0-9_$]* ('-'+ [A-Za-z0-9_$]+)* ;

BLANK   : [ \t\r\n]+ -> skip ;
UNKNOWN : . ;
