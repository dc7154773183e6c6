-- kpistream holds what the topics say; bi holds only views, for people and their tools.
CREATE DATABASE IF NOT EXISTS kpistream /*on cluster*/
COMMENT 'kpistream: tables loaded from the internal topics, and the checkpoints of the processors';

CREATE DATABASE IF NOT EXISTS bi /*on cluster*/
COMMENT 'kpistream for people and BI tools: documented views, latest versions only';
