// OData's $filter, as far as lists of Batch have it. Contract: batch, 3.4.
grammar OData;

import Logic;

filter    : or EOF ;
predicate : operand op=('eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge') operand  # compare
          | '(' or ')'                                                    # grouped
          | operand                                                       # plain
          ;
operand   : literal | call | path ;
call      : IDENTIFIER '(' operand (',' operand)* ')' ;
path      : IDENTIFIER ('/' IDENTIFIER)* ;
literal   : DATE_TIME | DECIMAL | INTEGER | TEXT | TRUE | FALSE | NULL ;

AND : 'and' ; OR : 'or' ; NOT : 'not' ;
TRUE : 'true' ; FALSE : 'false' ; NULL : 'null' ;
DATE_TIME  : [Dd] 'ate' [Tt] 'ime' '\'' ~[']* '\'' ;
DECIMAL    : '-'? [0-9]+ '.' [0-9]+ ;
INTEGER    : '-'? [0-9]+ [Ll]? ;
TEXT       : '\'' ( '\'\'' | ~['] )* '\'' ;
IDENTIFIER : [A-Za-z_] [A-Za-z0-9_]* ;
BLANK      : [ \t\r\n]+ -> skip ;
UNKNOWN    : . ;
