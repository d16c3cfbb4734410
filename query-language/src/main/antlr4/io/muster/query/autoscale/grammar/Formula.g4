// Formulas of automatic scaling, a subset of Batch's. Contract: batch, 3.5.
grammar Formula;

import Logic, Arithmetic;

formula   : statement+ EOF ;
statement : NAME '=' choice ';' ;
choice    : or ('?' choice ':' choice)? ;

predicate : sum (op=(EQ | NE | LT | LE | GT | GE) sum)? ;

primary
    : NUMBER                              # number
    | NAME '.' NAME '(' arguments ')'     # sampled
    | NAME '(' arguments ')'              # call
    | NAME                                # variable
    | '(' choice ')'                      # grouped
    ;
arguments : (choice (',' choice)*)? ;

AND : '&&' ; OR : '||' ; EQ : '==' ; NE : '!=' ; NOT : '!' ;
LE : '<=' ; LT : '<' ; GE : '>=' ; GT : '>' ;
PLUS : '+' ; MINUS : '-' ; STAR : '*' ; SLASH : '/' ; PERCENT : '%' ;

NUMBER : [0-9]+ ('.' [0-9]+)? ;
NAME   : '$'? [A-Za-z_] [A-Za-z0-9_]* ;

BLANK   : [ \t\r\n]+ -> skip ;
COMMENT : '/*' .*? '*/' -> skip ;
UNKNOWN : . ;
