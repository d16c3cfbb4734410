// A small part of OData's $filter.
grammar Filter;

import Logic;

filter    : or EOF ;
predicate : IDENTIFIER op=('eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge') literal  # compare
          | '(' or ')'                                                      # grouped
          ;
literal   : INTEGER | TEXT ;

AND : 'and' ; OR : 'or' ; NOT : 'not' ;
INTEGER    : '-'? [0-9]+ ;
TEXT       : '\'' ( '\'\'' | ~['] )* '\'' ;
IDENTIFIER : [A-Za-z_] [A-Za-z0-9_]* ;
BLANK      : [ \t\r\n]+ -> skip ;
UNKNOWN    : . ;
