// The filter of a device group. Contract: iot-central, 1.7.
grammar Group;

import Logic;

filter    : SELECT '*' FROM DEVICES (WHERE or)? EOF ;
predicate : path op=(EQ | NE | LT | LE | GT | GE) literal             # compare
          | path IN ('[' list ']' | '(' list ')')                     # among
          | '(' or ')'                                                # grouped
          ;
list      : literal (',' literal)* ;
path      : SYSTEM | NAME ('.' name)* ;
name      : NAME | SELECT | FROM | DEVICES | WHERE | AND | OR | NOT | IN | TRUE | FALSE ;
literal   : NUMBER | TEXT | TRUE | FALSE ;

SELECT  : [Ss][Ee][Ll][Ee][Cc][Tt] ;
FROM    : [Ff][Rr][Oo][Mm] ;
WHERE   : [Ww][Hh][Ee][Rr][Ee] ;
DEVICES : [Dd][Ee][Vv][Ii][Cc][Ee][Ss] ;
AND : [Aa][Nn][Dd] ; OR : [Oo][Rr] ; NOT : [Nn][Oo][Tt] ; IN : [Ii][Nn] ;
TRUE : [Tt][Rr][Uu][Ee] ; FALSE : [Ff][Aa][Ll][Ss][Ee] ;

EQ : '=' ; NE : '!=' | '<>' ; LE : '<=' ; LT : '<' ; GE : '>=' ; GT : '>' ;

SYSTEM : '$' [A-Za-z]+ ;
NUMBER : '-'? [0-9]+ ('.' [0-9]+)? ([eE] [+-]? [0-9]+)? ;
TEXT   : '\'' ( ESCAPE | ~['\\] )* '\'' | '"' ( ESCAPE | ~["\\] )* '"' ;
fragment ESCAPE : '\\' ( ['"\\/bfnrt] | 'u' [0-9A-Fa-f] [0-9A-Fa-f] [0-9A-Fa-f] [0-9A-Fa-f] ) ;
NAME    : [A-Za-z_] [A-Za-z0-9_]* ;
BLANK   : [ \t\r\n]+ -> skip ;
UNKNOWN : . ;
